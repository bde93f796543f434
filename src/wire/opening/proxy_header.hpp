#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

// HAProxy's PROXY protocol, versions 1 and 2: who the peer is, said by a proxy in front. Source: facts/edge.md 2.7, proxy-protocol.txt.
// Over UDP the second version stands before every datagram.
namespace gk::wire::opening {

inline constexpr std::size_t proxy_header_size_max = 4096;

enum class Family : std::uint8_t { v4, v6 };
enum class Transport : std::uint8_t { stream, datagram };
struct Endpoint {
    std::array<std::byte, 16> address{};  // Of a v4 address the first four count.
    std::uint16_t port = 0;
    bool operator==(const Endpoint&) const = default;
};
struct Proxied {
    Family family = Family::v4;
    Transport transport = Transport::stream;
    Endpoint source;
    Endpoint destination;
    std::string authority;  // The host name that was asked for, when the proxy knows one.
    bool operator==(const Proxied&) const = default;
};
// The proxy speaks for itself (a health check) or does not know: the peer of the socket counts.
struct Local {
    bool operator==(const Local&) const = default;
};
struct ProxyHeader {
    std::variant<Proxied, Local> who;
    std::size_t size = 0;  // What follows is the game's.
};
enum class HeaderTrouble : std::uint8_t { incomplete, malformed };

// Reads either version at the front. A wrong checksum, an inner length beyond the outer one, or no header at all is malformed.
Result<ProxyHeader, HeaderTrouble> parse_proxy_header(ByteSpan so_far);
// Only streams have a first version.
std::string proxy_header_v1(const Proxied& peer);
std::vector<std::byte> proxy_header_v2(const Proxied& peer);

}  // namespace gk::wire::opening
