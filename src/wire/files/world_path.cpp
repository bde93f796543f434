#include "wire/files/world_path.hpp"

#include "base/text.hpp"

namespace gk::wire::files {
namespace {

constexpr std::size_t path_bytes_max = 4096;
constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t names_max = 64;

}  // namespace

std::optional<std::vector<std::string>> world_path_names(std::string_view path) {
    if (path.size() > path_bytes_max || path.starts_with('/') || path.find('\0') != std::string_view::npos) return std::nullopt;
    std::vector<std::string> names;
    for (const auto name : split(path, '/')) {
        if (name.empty() || name == ".") continue;
        if (name == ".." || name.size() > name_bytes_max || names.size() == names_max) return std::nullopt;
        names.emplace_back(name);
    }
    return names;
}

}  // namespace gk::wire::files
