#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gk::wire::files {

// The names on the way from a world's data directory to `path`; empty for the directory itself ("", ".", "a/." is "a"). Nullopt when the path
// can name nothing inside a world: absolute, with "..", a NUL byte, a name above 255 bytes, above 4096 bytes or 64 names in all.
std::optional<std::vector<std::string>> world_path_names(std::string_view path);

}  // namespace gk::wire::files
