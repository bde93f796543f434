#include "domain/catalog/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::catalog {
namespace {

constexpr std::size_t name_size_max = 32;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_lower_or_digit(char c) { return is_lower(c) || (c >= '0' && c <= '9'); }

}  // namespace

bool is_word(std::string_view text) {
    return !text.empty() && text.size() <= name_size_max && is_lower(text.front()) &&
           std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '_'; });
}

std::string bad_word(std::string_view text) {
    return fmt::format("'{}' is no name: write 1 to {} lower-case letters, digits and '_', a letter first", text, name_size_max);
}

bool is_slug(std::string_view text) {
    return !text.empty() && text.size() <= name_size_max && is_lower_or_digit(text.front()) && is_lower_or_digit(text.back()) &&
           std::ranges::all_of(text, [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_inner_path(std::string_view text) {
    if (text.empty() || text.size() > 1024 || has_control_characters(text)) return false;
    return std::ranges::all_of(split(text, '/'), [](std::string_view part) { return !part.empty() && part != "." && part != ".."; });
}

bool has_control_characters(std::string_view text, bool lines) {
    return std::ranges::any_of(text, [lines](char c) {
        if (lines && (c == '\n' || c == '\t')) return false;
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
}

}  // namespace gk::catalog
