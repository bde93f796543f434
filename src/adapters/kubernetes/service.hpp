#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/value.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/types.hpp"
#include "ports/port_map.hpp"
#include "wire/kubernetes/object.hpp"

// The Service of a server: it opens the public ports as the exposure says, and it is the reservation of all of them, which an annotation repeats.
namespace gk::kubernetes {

inline constexpr std::string_view ports_annotation = "gamekeeper.dev/ports";
inline constexpr std::string_view exposure_annotation = "gamekeeper.dev/exposure";

// Ports that players use are forwarded under their own numbers, from the node that the game runs on and from no other, so that a game sees who its
// players are. A host_port needs no forwarding: its Service has no address and holds the numbers.
Value service(const PortOwner& owner, const server::Exposure& exposure, const std::vector<server::PortBinding>& ports);

// What a Service of ours holds. None when it is not one, or somebody has spoilt it.
struct Reserved {
    ServerUid server;
    std::vector<server::PortBinding> ports;
};
std::optional<Reserved> reserved_by(const Value& service);

}  // namespace gk::kubernetes
