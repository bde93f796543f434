#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gk::catalog {

// POSIX extended regular expressions, the only kind in game definitions: the shim searches log lines with the same engine, which neither
// recurses nor backtracks without bound.
inline constexpr std::size_t pattern_size_max = 512;

// Why this is no expression, or nothing when it is one with at least `groups_least` groups.
std::optional<std::string> pattern_problem(const std::string& pattern, std::size_t groups_least = 0);
// Whether the whole text matches. A pattern that is none matches nothing.
bool matches_whole(const std::string& pattern, const std::string& text);

}  // namespace gk::catalog
