#pragma once

#include <optional>
#include <set>

#include "base/units.hpp"

namespace gk::system {

// Ports on which somebody of this machine listens (TCP) or which are bound (UDP), IPv4 and IPv6 together, as the kernel tells any user over
// netlink (sock_diag(7)). It visits listening sockets only, while /proc/net/tcp walks every connection the machine could have.
// nullopt when the kernel does not answer: built without it, or forbidden here.
std::optional<std::set<Port>> diagnosed_ports(Protocol protocol);

}  // namespace gk::system
