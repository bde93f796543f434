#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "domain/wake/ban.hpp"
#include "domain/wake/route.hpp"
#include "domain/wake/zone.hpp"

namespace gk::wake {

// An address that streams come to, and the routes that share it.
struct Listener {
    Endpoint listen{};
    StreamProtocol protocol = StreamProtocol::generic;
    std::vector<Block> proxy_from{};
    std::vector<Route> routes{};  // Their `listen` and `proxy_from` are those of the listener.
};

// All that an edge relays, as one control plane wanted it at one time (docs/adr/0028). Whoever has the newest table has everything.
struct RouteTable {
    std::uint64_t epoch = 0;   // Of the control plane that wrote it.
    std::uint64_t number = 0;  // Grows with each of its tables.
    std::vector<Route> datagrams{};
    std::vector<Listener> streams{};
    std::vector<Endpoint> dns{};  // Where questions for the zones come to, by datagram and by stream.
    std::vector<Zone> zones{};
    std::vector<Ban> bans{};
};

// Whether a table may take the place of another one: an older control plane, or an older table of the same one, may not.
bool may_follow(const RouteTable& newer, const RouteTable& older);

// A face as a document, and back.
Value document_of(const Face& face);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Face& out);

// A table as a document, and back: every two routes of a listener lead to different servers and names, no two datagram routes, and no two listeners,
// share an address.
Value document_of(const RouteTable& table);
bool decode(const Value& value, const std::string& pointer, Errors& errors, RouteTable& out);

}  // namespace gk::wake
