#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/units.hpp"
#include "launcher/places.hpp"

// What games may not reach, by their uid: the cloud's metadata service, our API, and the admin ports (RCON, econ) of other games. One
// chain, rewritten as a whole from what is noted on disk, so that it is right after any crash.
namespace gk::launcher {

enum class Family : std::uint8_t { ipv4, ipv6 };
// Internal ports by the operating system uid that owns them.
using InternalPorts = std::multimap<std::uint32_t, Port>;

// The input of iptables-restore --noflush. `chained`: the jump into our chain exists already.
std::string firewall_rules(Family family, const Options& options, const InternalPorts& ports, bool chained);

// Notes the server's internal ports (none: removes the note) and rewrites the rules.
Outcome<Success> set_internal_ports(const Options& options, ServerUid uid, const std::vector<Port>& ports);
Outcome<Success> write_firewall(const Options& options);
// Removes our chain and the jump into it.
void remove_firewall(const Options& options);

}  // namespace gk::launcher
