#pragma once

#include <optional>
#include <vector>

#include "base/time.hpp"
#include "domain/server/record.hpp"
#include "domain/server/step.hpp"

// All deciding about servers. The keeper repeats, for each server: read the record, observe, plan(), carry out the step, apply(), store. Both
// functions are pure, so that a decision can be tested, simulated and explained without a machine.
//
// A pause, as an example. The record says phase pausing, progress none. plan() yields ProbeVault; apply() of its success sets progress probed.
// Then BeginSnapshot, TakeSnapshot, VerifySnapshot (progress saved), StopGame (progress stopping), nothing but a deadline while the game
// ends, and, as soon as the process is seen to have ended, Transition game_ended into backing_up. There the same three steps make the snapshot
// of the files at rest, and only its proof opens the edge to paused. A crash of the keeper between any two of these loses nothing: what had
// been reached is in the record, what really runs is observed again.
namespace gk::server {

// What was seen of one server, from ports/runtime.hpp `Seen`.
struct Observation {
    enum class Process : std::uint8_t { gone, starting, ready, stopping, exited, unknown };
    bool disk = false;
    bool staged = false;
    Process process = Process::gone;
    std::optional<Exit> exit;
    std::optional<Time> started_at;
    bool quiesced = false;
    std::optional<Problem> obstacle;
    std::optional<Problem> disk_lost;
    std::optional<Problem> leave;
    bool disk_tied = false;
    std::optional<int> players;  // How many play; absent: not known.
    bool operator==(const Observation&) const = default;
};

struct Facts {
    Observation seen;
    std::vector<vault::Snapshot> snapshots;  // Of this server in the catalogue, newest first.
    SnapshotId spare_id;                     // For a snapshot that the plan may begin; drawn afresh for every round.
    bool game_files = true;                  // What the game's source brings is on this machine.
    Milliseconds start_timeout{};            // From launch to ready, as the game's definition says.
    Milliseconds stop_timeout{};             // The sum of the stop ladder's waits.
    Milliseconds notice{};                   // How long before a move players are told of it; 0: they cannot be told.
    std::optional<Time> told_at;             // When they were told of the one that is to come.
};

struct Limits {
    Milliseconds retry_first = std::chrono::seconds(1);  // Back-off after the first failure, doubling ...
    Milliseconds retry_most = std::chrono::minutes(5);   // ... up to this.
    Milliseconds crash_window = std::chrono::minutes(10);  // Of time in which the game was up.
    std::size_t crashes_max = 10;                          // Given up at this many within the window.
    std::uint32_t attempts_max = 8;                      // Tries of one step of a start before it counts as a crash.
    Milliseconds address_timeout = std::chrono::minutes(5);  // A start whose game is ready and that has no address for so long has failed.
    Milliseconds keeper_interval = std::chrono::seconds(10);
    Milliseconds kill_grace = std::chrono::seconds(30);  // Beyond the timeouts that the shim itself keeps.
};

struct Plan {
    std::optional<Step> step;      // To do now.
    std::optional<Time> wake_at;   // Without a step: look again at this time even if nothing is heard.
    bool operator==(const Plan&) const = default;
};
Plan plan(const Record& record, const Facts& facts, const Limits& limits, Time now);

// The record after the step had this outcome. Called for every step but RemoveRecord.
Record apply(Record record, const Step& step, const Outcome& outcome, const Limits& limits, Time now);

// The newest complete snapshot of the list, which is ordered newest first.
const vault::Snapshot* newest_complete(const std::vector<vault::Snapshot>& snapshots);
Milliseconds back_off(std::uint32_t failures, const Limits& limits);

}  // namespace gk::server
