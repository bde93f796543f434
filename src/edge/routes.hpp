#pragma once

#include "domain/wake/route_table.hpp"

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
using wake::sleeper_of;
using wake::StreamProtocol;

}  // namespace gk::edge
