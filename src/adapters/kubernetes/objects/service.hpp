#pragma once

#include <map>
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

// What an operator adds to the Services that make a cloud's load balancer, such as the kind of balancer or its resource group.
using Annotations = std::map<std::string, std::string>;

// Ports that players use are forwarded under their own numbers, from the node that the game runs on and from no other, so that a game sees who its
// players are. A host_port needs no forwarding: its Service holds the numbers, and leads to the game from inside.
Value service(const PortOwner& owner, const server::Exposure& exposure, const std::vector<server::PortBinding>& ports,
              const Annotations& of_balancers);
// As a merge patch that makes the one of a Service that is there; other people's annotations stay.
Value service_change(const server::Exposure& exposure, const std::vector<server::PortBinding>& ports, const Annotations& of_balancers);
// The name or address that the cloud has given to a balancer; empty: none yet, or not the one that was asked for.
std::string balanced_host(const Value& service, const server::Exposure& exposure);

// What a Service of ours holds. None when it is not one, or somebody has spoilt it.
struct Reserved {
    ServerUid server;
    std::vector<server::PortBinding> ports;
    server::Exposure exposure;
};
std::optional<Reserved> reserved_by(const Value& service);

}  // namespace gk::kubernetes
