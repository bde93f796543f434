#pragma once

#include <cstdint>
#include <string>

#include <fmt/format.h>

#include "base/assert.hpp"

// Where a game of this machine is when it has an address of its own (docs/adr/0031): 127.71.0.0/16, one for each slot. All of 127/8 is this
// machine's, never on a wire, and everything else on it uses 127.0.0.1.
namespace gk {

inline constexpr std::string_view own_loopbacks = "127.71.0.0/16";
inline constexpr std::uint32_t own_loopbacks_count = 1 << 16;

// `slot` is below own_loopbacks_count.
inline std::string own_loopback(std::uint32_t slot) {
    ASSERT(slot < own_loopbacks_count, "one address is not two games'");
    return fmt::format("127.71.{}.{}", slot >> 8 & 0xff, slot & 0xff);
}

}  // namespace gk
