#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ports/random.hpp"

namespace gk::kubernetes {

// From 0 to below 1, for what spreads calls over time.
inline double luck(Random& random) {
    std::array<std::byte, 4> bytes{};
    random.fill(bytes);
    std::uint32_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    return static_cast<double>(number) / 4294967296.0;
}

}  // namespace gk::kubernetes
