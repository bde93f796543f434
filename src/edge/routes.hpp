#pragma once

#include <memory>
#include <vector>

#include "domain/wake/route_table.hpp"
#include "edge/loop.hpp"

// What the rules of waking know of routes is what the edge relays by.
namespace gk::edge {

using wake::CopyMode;
using wake::Face;
using wake::GameProtocol;
using wake::is_reachable;
using wake::Listener;
using wake::ProxyTo;
using wake::Route;
using wake::RouteState;
using wake::RouteTable;
// Of all relays of an edge; null: none.
using Bans = std::shared_ptr<const std::vector<wake::Ban>>;
using wake::sleeper_of;
using wake::StreamProtocol;

// Now. Asked for newcomers only: whoever has a session is not banned, else it would have ended.
inline bool is_barred(const Bans& bans, const wake::Endpoint& source) { return bans && wake::is_banned(*bans, source.address, wall_now()); }

}  // namespace gk::edge
