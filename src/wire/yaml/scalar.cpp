#include "wire/yaml/scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace gk::wire {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) { return std::ranges::find(words, text) != words.end(); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// [-+]? [0-9]+, 0o[0-7]+ or 0x[0-9a-fA-F]+, when it fits.
std::optional<std::int64_t> integer(std::string_view text) {
    int base = 10;
    if (text.starts_with("0o")) base = 8;
    if (text.starts_with("0x")) base = 16;
    if (base != 10) text.remove_prefix(2);
    const bool plus = base == 10 && text.starts_with('+');
    if (plus) text.remove_prefix(1);
    // from_chars takes a minus of its own accord, which the other forms may not have: "0x-1", "+-1".
    if (text.starts_with('-') && (plus || base != 10)) return std::nullopt;
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::string_view skip_digits(std::string_view& rest) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_digit) - rest.begin());
    const auto digits = rest.substr(0, end);
    rest.remove_prefix(end);
    return digits;
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool looks_decimal(std::string_view rest) {
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    const auto whole = skip_digits(rest);
    std::string_view fraction;
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        fraction = skip_digits(rest);
    }
    if (whole.empty() && fraction.empty()) return false;
    if (rest.empty()) return true;
    if (rest.front() != 'e' && rest.front() != 'E') return false;
    rest.remove_prefix(1);
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
    return !skip_digits(rest).empty() && rest.empty();
}

std::optional<double> decimal(std::string_view text) {
    if (!looks_decimal(text)) return std::nullopt;
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<Value> plain_scalar(std::string_view text) {
    if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Value();
    if (is_one_of(text, {"true", "True", "TRUE"})) return Value(true);
    if (is_one_of(text, {"false", "False", "FALSE"})) return Value(false);
    if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::nullopt;
    const auto unsigned_part = text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
    if (is_one_of(unsigned_part, {".inf", ".Inf", ".INF"})) return std::nullopt;
    if (const auto number = integer(text)) return Value(*number);
    if (looks_decimal(text)) {
        const auto number = decimal(text);
        return number ? std::optional(Value(*number)) : std::nullopt;  // Too large even for a double: as good as infinite.
    }
    return Value(text);
}

}  // namespace gk::wire
