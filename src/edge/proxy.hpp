#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "edge/routes.hpp"
#include "edge/socket.hpp"
#include "wire/opening/proxy_header.hpp"

// The PROXY protocol (wire/opening) in the words of the edge.
namespace gk::edge {

// For whom a proxy in front of us speaks.
struct Introduction {
    Endpoint source;
    std::optional<Endpoint> destination;  // Which address of the proxy the player came to, when it says so.
    std::size_t size = 0;                 // What follows is the player's.
};
// `peer` is the proxy, which may speak for itself.
Result<Introduction, wire::opening::HeaderTrouble> read_introduction(ByteSpan so_far, const Endpoint& peer);

// What tells a game who the player is; empty for ProxyTo::none. `host` is the name he asked for, or empty; only the second version says it.
std::vector<std::byte> introduction(ProxyTo version, wire::opening::Transport transport, const Endpoint& source, const Endpoint& destination,
                                    std::string_view host);

}  // namespace gk::edge
