#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "domain/catalog/game.hpp"
#include "domain/front/zones.hpp"
#include "domain/server/record.hpp"
#include "domain/wake/route_table.hpp"

namespace gk::front {

// What a server is called by routes: its id, with its namespace before it when that is not the usual one; and back, {namespace, id}.
std::string route_name(const server::Record& record);
std::pair<std::string, std::string> place_of(std::string_view route_name);

// A server as its routes are made from it.
struct World {
    const server::Record* record = nullptr;
    const catalog::Game* game = nullptr;   // Null: its definition is gone; then it is relayed to, and nobody wakes it.
    std::optional<Milliseconds> takes{};   // Its start, as learned.
    bool is_refused = false;               // A knock could not start it just now.
    std::optional<wake::Address> host = wake::Address::v4({127, 0, 0, 1});  // Where its game binds its ports; absent: that is not known yet.
};

struct RoutingRules {
    wake::Address listen{};         // Where players come: "::", both families.
    std::string domain{};           // Minecraft worlds share one port as ID.DOMAIN; empty: they do not.
    std::uint16_t shared_port = 25565;
    ZoneRules zone{};               // Where servers have names.
};

// Where players come for all these servers (contract, sections 6 and 10), without epoch and number. Who is stopped has no route: a knock wakes what
// sleeps, not what somebody has switched off. Times until a server is ready are rounded up, so that the table of servers that start is another one
// only every few seconds.
wake::RouteTable routes_of(std::span<const World> worlds, const RoutingRules& rules, Time now);
inline constexpr Milliseconds ready_in_step = std::chrono::seconds(5);

}  // namespace gk::front
