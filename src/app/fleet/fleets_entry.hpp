#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/fleet/fleets.hpp"
#include "async/signal.hpp"
#include "async/wait_queue.hpp"
#include "domain/fleet/roster.hpp"
#include "domain/fleet/slots.hpp"

// What Fleets keeps in memory; for its own sources only.
namespace gk::app {

inline constexpr Milliseconds look_again = std::chrono::seconds(5);  // At one that does not answer, or ends; and for room.
inline constexpr std::size_t id_begin = 8;                          // As much of an id as stands in a name.
inline constexpr std::string_view no_room = "no_room";              // Code: it does not fit into the machine's memory now.

// A server from its first file to its last.
struct Fleets::Entry {
    Entry(Starter::Prepared prepared, fleet::Slots::Hold slot)
        : server(std::move(prepared.server)),
          memory_hold(std::move(prepared.memory)),
          slot_hold(std::move(slot)) {}
    FleetServer server;
    std::optional<MemoryRoom::Hold> memory_hold;
    fleet::Slots::Hold slot_hold;
    Time begun_at{};
    std::optional<Time> silent_since;  // As fleet::Server says.
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
    fleet::Roster roster;  // Its servers, as plans see them: note() keeps it up.
    fleet::Use use;
    std::string limit;
    std::optional<Time> last_taken;
    std::uint32_t beginning = 0;  // Servers that have no ports yet.
    bool lacks_room = false;      // The last start failed as the machine's memory is given away.
};

}  // namespace gk::app
