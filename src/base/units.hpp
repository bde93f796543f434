#pragma once

#include <compare>
#include <cstdint>

namespace gk {

// A TCP or UDP port, 1 to 65535; 0 means "none".
enum class Port : std::uint16_t {};
enum class Protocol : std::uint8_t { tcp, udp };

struct MilliCpu {
    std::int64_t count = 0;
    auto operator<=>(const MilliCpu&) const = default;
};
struct MebiBytes {
    std::int64_t count = 0;
    auto operator<=>(const MebiBytes&) const = default;
    constexpr std::int64_t bytes() const { return count * 1024 * 1024; }
};

}  // namespace gk
