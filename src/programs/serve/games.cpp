#include "programs/serve/games.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "domain/catalog/game.hpp"
#include "programs/assets/embedded.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::programs {
namespace {

using Lines = std::vector<std::string>;

Result<Value, Lines> read_yaml(std::string_view yaml, std::string_view name) {
    auto value = wire::parse_yaml(yaml);
    if (value) return std::move(*value);
    const auto& error = value.error();
    return std::unexpected(Lines{fmt::format("{}:{}:{}: {}", name, error.line, error.column, error.message)});
}

Lines lines_of(std::string_view name, const std::vector<FieldError>& errors) {
    Lines out;
    for (const auto& error : errors) out.push_back(catalog::error_line(name, error));
    return out;
}

void put_game(catalog::Catalog& games, std::string_view yaml, std::string_view name, Lines& errors) {
    auto game = read_game(yaml, name);
    if (game) games.put(std::move(*game));
    else errors.insert(errors.end(), game.error().begin(), game.error().end());
}

void put_packages(catalog::Catalog& games, std::string_view yaml, std::string_view name, Lines& errors) {
    const auto value = read_yaml(yaml, name);
    if (!value) {
        errors.insert(errors.end(), value.error().begin(), value.error().end());
        return;
    }
    auto packages = catalog::decode_packages(*value);
    if (packages) games.put_packages(std::move(*packages));
    else std::ranges::move(lines_of(name, packages.error()), std::back_inserter(errors));
}

// games/packages/default.yaml in the tree, packages.yaml in a person's folder.
bool is_packages(std::string_view path) { return path.starts_with("games/packages/") || path.ends_with("/packages.yaml"); }

}  // namespace

Result<catalog::Game, Lines> read_game(std::string_view yaml, std::string_view name) {
    TRY(value, read_yaml(yaml, name));
    auto game = catalog::decode_game(value);
    if (!game) return std::unexpected(lines_of(name, game.error()));
    return std::move(*game);
}

Result<catalog::Catalog, Lines> load_games(const std::string& folder) {
    catalog::Catalog games;
    Lines errors;
    const auto put = [&](std::string_view text, std::string_view name) {
        if (is_packages(name)) put_packages(games, text, name, errors);
        else put_game(games, text, name, errors);
    };
    for (const auto& file : embedded_files()) {
        if (file.path.starts_with("games/")) put(file.text, file.path);
    }
    std::error_code error;
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".yaml") paths.push_back(entry.path().string());
    }
    std::ranges::sort(paths);
    for (const auto& path : paths) {
        std::ifstream in(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
        put(text, path);
    }
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return games;
}

}  // namespace gk::programs
