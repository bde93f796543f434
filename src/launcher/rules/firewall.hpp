#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "base/units.hpp"
#include "launcher/options.hpp"

// What games may not reach, by their uid: the cloud's metadata service, our API, and of other games the admin ports (RCON, econ) and the addresses
// of their own.
namespace gk::launcher {

enum class Family : std::uint8_t { ipv4, ipv6 };
// Of games that may run, by the operating system uid that owns them: what is closed to all others.
using InternalPorts = std::multimap<std::uint32_t, Port>;
struct Closed {
    InternalPorts ports;
    std::set<std::uint32_t> addresses;  // Of the loopback (base/own_loopback.hpp); the number of each follows from its owner.
};

// One for each installation: two on one machine have different uids.
std::string chain_of(const Options& options);
// Inputs of iptables-restore --noflush. Our chain as a whole; `chained`: the jump into it exists already.
std::string firewall_rules(Family family, const Options& options, const Closed& closed, bool chained);
// Neither jump nor chain.
std::string no_firewall_rules(const Options& options);

}  // namespace gk::launcher
