#include "domain/fleet/reach.hpp"

#include <algorithm>

namespace gk::fleet {

Result<server::Exposure::Kind, std::string> way_to_match_server(std::optional<server::Exposure::Kind> asked,
                                                                std::span<const server::Exposure::Kind> allowed) {
    using enum server::Exposure::Kind;
    if (asked == internal) return internal;
    if (std::ranges::find(allowed, host_port) != allowed.end()) return host_port;
    if (asked != host_port) return internal;
    return std::unexpected(
        "its servers are to be reached by ports of their nodes (exposure hostPort), which this cluster does not allow; say internal in the game's "
        "definition or its package, or let its operator add hostPort to cluster.exposures in gamekeeper.yaml");
}

}  // namespace gk::fleet
