#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gk {

// Without blanks, tabs and line ends at either side.
std::string_view trimmed(std::string_view text);
// Between the separators; "a,,b" has an empty middle, "" has one empty part.
std::vector<std::string_view> split(std::string_view text, char separator);
// "a, b and c" style lists for messages: the items with ", " between them.
std::string joined(std::span<const std::string> items, std::string_view separator = ", ");
// Shortest form, no surrogates, at most U+10FFFF.
bool is_utf8(std::string_view text);
// The candidate nearest to `word`, for "did you mean"; empty when none is close (at most two edits).
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);
// "1.5 GiB", "12 KiB", "7 B": for people, never for programs.
std::string size_text(std::uint64_t bytes);

}  // namespace gk
