#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "base/time.hpp"
#include "domain/wake/endpoint.hpp"

namespace gk::front {

// Somebody who knocked at a server that is to be started.
struct Knocker {
    std::string server;  // As its route is called.
    wake::Endpoint source{};
    std::string name{};  // As he calls himself; empty where his protocol says no name so early.
    std::string trace{};  // Names this wake: domain/wake/trace.hpp.
    bool operator==(const Knocker&) const = default;
};

// A wake after which an edge has passed on what a player said.
struct Relayed {
    std::string server;  // As its route is called.
    std::string trace;
    Time at{};           // When the first of it was passed on.
    bool operator==(const Relayed&) const = default;
};

// How one route is used, or all streams that share an address.
struct RouteUse {
    std::string server{};  // Empty for streams: which of them a connection is for only its first words say.
    wake::Endpoint listen{};
    bool is_stream = false;
    std::uint64_t sessions = 0;
    std::uint64_t held = 0;                       // Players who wait for the server.
    std::map<std::string, std::uint64_t> counts{};  // Since the edge began: what it passed, answered and refused, by name.
    bool operator==(const RouteUse&) const = default;
};

// All that an edge has to say, as of now: whoever has its last report knows everything (docs/adr/0028). A knock is repeated in every report until a
// table says that the server is not asleep any more.
struct Report {
    std::uint64_t epoch = 0;   // Of the table that it relays by.
    std::uint64_t number = 0;
    std::int64_t pid = 0;
    std::vector<Knocker> knockers{};  // At most one for each server: the first who came.
    std::vector<Relayed> relayed{};    // The last wake of each server, as far as this edge heard the knock.
    std::vector<RouteUse> uses{};
    std::vector<std::string> wrong{};  // Routes that could not be opened, for people.
    bool operator==(const Report&) const = default;
};

Value document_of(const Report& report);
bool decode(const Value& value, const std::string& pointer, Errors& errors, Report& out);

}  // namespace gk::front
