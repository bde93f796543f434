#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/units.hpp"
#include "launcher/options.hpp"

// What games may not reach, by their uid: the cloud's metadata service, our API, and the admin ports (RCON, econ) of other games.
namespace gk::launcher {

enum class Family : std::uint8_t { ipv4, ipv6 };
// Internal ports by the operating system uid that owns them.
using InternalPorts = std::multimap<std::uint32_t, Port>;

// One for each installation: two on one machine have different uids.
std::string chain_of(const Options& options);
// Inputs of iptables-restore --noflush. Our chain as a whole; `chained`: the jump into it exists already.
std::string firewall_rules(Family family, const Options& options, const InternalPorts& ports, bool chained);
// Neither jump nor chain.
std::string no_firewall_rules(const Options& options);

}  // namespace gk::launcher
