#pragma once

#include <optional>
#include <string>
#include <utility>

#include "app/fleet/fleets.hpp"
#include "async/signal.hpp"
#include "async/wait_queue.hpp"

// What Fleets keeps in memory; for its own sources only.
namespace gk::app {

// A server from its first file to its last.
struct Fleets::Entry {
    explicit Entry(FleetServer as) : server(std::move(as)) {}
    FleetServer server;
    Time heard_at{};
    Time begun_at{};
    Seen::Process process = Seen::Process::gone;
    bool is_up = false;         // Ready for players.
    bool knows_match = true;    // It was begun for its match, or told of it by us.
    std::string trouble;        // What the game's place was in when it was last seen: a stable code, "node_unreachable" ...; empty: none.
    std::string ending;         // Why it is to end, or has ended; empty: it is not.
    bool is_being_handed_out = false;
    async::Signal changed;      // For its own task.
    async::WaitQueue waiting;   // Who wants it for a match.
};

struct Fleets::Kept {
    fleet::Fleet fleet;
    fleet::Use use;
    std::string limit;
    std::optional<Time> last_taken;
    std::uint32_t beginning = 0;  // Servers that have no ports yet.
};

}  // namespace gk::app
