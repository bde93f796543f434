#pragma once

#include <set>
#include <string_view>

#include "base/units.hpp"

namespace gk::system {

// Whether anybody on this machine has bound this port, asked afresh every time, from any thread. Ports of our own running games are among them;
// the port map asks only about numbers that it holds to be free. What cannot be found out counts as free: whoever binds a taken port is told by
// the kernel later.
bool is_bound(Protocol protocol, Port port);

// The listening (TCP) or bound (UDP) ports of a table of /proc/net: tcp, tcp6, udp or udp6. Lines that are not understood are passed over.
// For kernels that do not answer otherwise (socket_diagnosis.hpp).
std::set<Port> ports_of_table(Protocol protocol, std::string_view table);

}  // namespace gk::system
