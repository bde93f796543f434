#include "app/catalog/declared_packages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "domain/catalog/game.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::app {
namespace {

using Lines = std::vector<std::string>;

Result<std::vector<catalog::Package>, Lines> read(const std::string& file, const std::string& text) {
    const auto document = wire::parse_yaml(text);
    if (!document) {
        const auto& error = document.error();
        return std::unexpected(Lines{fmt::format("{}:{}:{}: {}", file, error.line, error.column, error.message)});
    }
    auto packages = catalog::decode_packages(*document);
    if (packages) return std::move(*packages);
    Lines lines;
    for (const auto& error : packages.error()) lines.push_back(catalog::error_line(file, error));
    return std::unexpected(std::move(lines));
}

}  // namespace

std::string DeclaredPackages::take(const PackageDeclaration& declaration) {
    std::vector<catalog::Package> all;
    Lines wrong;
    for (const auto& [file, text] : declaration.files) {
        auto packages = read(file, text);
        if (packages) std::ranges::move(*packages, std::back_inserter(all));
        else std::ranges::move(packages.error(), std::back_inserter(wrong));
    }
    if (!wrong.empty()) return fmt::format("{}", fmt::join(wrong, "\n"));
    games_.declare_packages(declaration.name, std::move(all));
    return {};
}

}  // namespace gk::app
