#pragma once

#include <cstdint>
#include <string_view>

namespace gk::kubernetes {

// FNV-1a: to see that two texts differ, not to resist anybody.
constexpr std::uint64_t digest_of(std::string_view text) {
    std::uint64_t sum = 14695981039346656037U;
    for (const char c : text) sum = (sum ^ static_cast<std::uint8_t>(c)) * 1099511628211U;
    return sum;
}

}  // namespace gk::kubernetes
