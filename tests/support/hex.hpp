#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace gk::test {

// "fe 01" -> two bytes. Blanks are for the reader; anything else but hexadecimal digits throws.
inline std::vector<std::byte> from_hex(std::string_view text) {
    std::string digits(text);
    std::erase(digits, ' ');
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
    return bytes;
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

// For `using namespace`, as literals are.
namespace byte_sums {
inline std::vector<std::byte> operator+(std::vector<std::byte> a, const std::vector<std::byte>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
}  // namespace byte_sums

}  // namespace gk::test
