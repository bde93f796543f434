#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "base/value.hpp"

// Match servers that are started ahead, so that a match finds one that is ready. Pure: what is wanted and seen comes in, what to do goes out.
namespace gk::fleet {

class Roster;

// Follows the use: so many servers wait as `percent` of those in matches, and as many as are taken while one starts.
struct Autopilot {
    std::uint32_t least = 1;
    std::uint32_t most = 100;
    std::uint32_t percent = 20;
    Milliseconds calm = std::chrono::minutes(5);  // Fewer only after less was needed for so long.
    bool operator==(const Autopilot&) const = default;
};

struct Fleet {
    std::string name;  // [a-z0-9-]{1,40}
    std::string game;
    std::string package;
    std::map<std::string, Value> settings;
    std::uint32_t ready = 1;                     // Started ahead; 0 to 4,000. With an autopilot: what it says.
    std::uint32_t most = 100;                    // Of all its servers, in matches or not; up to 24,000.
    std::uint32_t starting_most = 20;            // At once.
    Milliseconds start_limit = std::chrono::seconds(45);
    std::optional<Autopilot> autopilot;
    std::uint64_t generation = 1;                // Grows when game, package or settings change.
    bool operator==(const Fleet&) const = default;
};

// starting -> ready -> allocated -> ending, any of them -> ending. One that is ending is gone as soon as nothing of it is seen any more.
enum class ServerState : std::uint8_t { starting, ready, allocated, ending };
inline constexpr auto server_state_names = std::to_array<std::string_view>({"starting", "ready", "allocated", "ending"});
constexpr std::span<const std::string_view> names_of(ServerState) { return server_state_names; }

struct Server {
    ServerUid uid;
    ServerState state = ServerState::starting;
    std::uint64_t generation = 1;      // Of the fleet when it was started.
    Time since{};                      // Of its state.
    std::optional<Time> silent_since;  // Since when it has not been seen to be ready for players. Says nothing of one that starts.
    bool operator==(const Server&) const = default;
};

// A server whose shim has been silent for so long is not handed out, and after the longer time it is replaced.
inline constexpr Milliseconds silent_after = std::chrono::seconds(5);
inline constexpr Milliseconds replaced_after = std::chrono::seconds(30);
constexpr bool is_silent_for(const Server& server, Milliseconds time, Time now) { return server.silent_since && now - *server.silent_since >= time; }
constexpr bool may_be_allocated(const Server& server, Time now) {
    return server.state == ServerState::ready && !is_silent_for(server, silent_after, now);
}

// What happened lately; carried from one plan to the next. Lost with the process: then the autopilot begins with what it sees.
struct Use {
    std::uint32_t wanted = 0;        // Servers that should be ready, as decided last ...
    Time needed_at{};                // ... and when as many were needed last.
    double taken_per_second = 0;     // By matches, smoothed.
    Milliseconds start_time{};       // How long starts take, smoothed; 0: not known.
    std::uint32_t failures = 0;      // Starts that failed in a row.
    Time last_failure{};
};

struct Plan {
    std::uint32_t start = 0;
    std::vector<ServerUid> stop;     // None of them is in a match.
    Use use;                         // For the next plan.
    std::optional<Time> next;        // When to plan again although nothing changed.
    std::string limit;               // What keeps it from what is wanted: "max", "back_off"; empty: nothing.
};
// `beginning`: servers that were asked for and are not on the roster yet.
Plan plan(const Fleet& fleet, const Roster& roster, std::uint32_t beginning, const Use& use, Time now);

// What follows from one more server that was taken, became ready after `took`, or failed to start.
void note_taken(Use& use, Milliseconds since_last);
void note_ready(Use& use, Milliseconds took);
void note_failed(Use& use, Time now);

// How long to wait after so many failures in a row: 1 s, 2 s ... 60 s.
Milliseconds back_off(std::uint32_t failures);

}  // namespace gk::fleet
