#pragma once

#include <set>
#include <string>
#include <vector>

#include "domain/wake/route_table.hpp"

namespace gk::front {

// The domain in which every server has a name, and where the edge answers for it. It has to be delegated to the edge.
struct ZoneRules {
    std::string origin{};                        // "play.example.org"; empty: there is none.
    std::string contact{};                       // As a name; empty: hostmaster of the origin.
    std::vector<std::string> name_servers{};     // As the parent zone knows them. Those within the zone have the edge's addresses.
    std::vector<wake::Address> addresses{};      // At which players reach the edge.
    std::vector<wake::Endpoint> listen{};        // Where questions come to.
    std::set<std::string, std::less<>> wakes{};  // Servers, as their routes are called, that a question for their name may wake.
};

// Gives each server of the table its name, ID.ORIGIN, with the edge's addresses, and the port of Minecraft worlds as a service. Of two with the same
// id in two namespaces the first has it, and a name server has its own before all of them. The serial is left at 0.
void add_zone(wake::RouteTable& table, const ZoneRules& rules);

}  // namespace gk::front
