#pragma once

#include "base/id.hpp"

namespace gk::fleet {

// Match servers and worlds share the runtimes that run both, and each side looks after its own only. A match server's uid is a UUID of version 8
// (RFC 9562: for whoever makes it), a world's is one of version 4; so what is found can be told apart when no record knows it.
inline ServerUid match_server_uid(UuidBits random) {
    auto bits = uuid_from_random(random);
    bits[6] = static_cast<std::uint8_t>((bits[6] & 0x0fU) | 0x80U);
    return ServerUid(bits);
}
constexpr bool is_match_server(ServerUid uid) { return (uid.bits()[6] & 0xf0U) == 0x80U; }

}  // namespace gk::fleet
