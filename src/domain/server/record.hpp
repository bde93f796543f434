#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "base/id.hpp"
#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "domain/server/cause.hpp"
#include "domain/server/exposure.hpp"
#include "domain/server/launch_way.hpp"
#include "domain/server/sleep.hpp"
#include "domain/server/types.hpp"
#include "domain/vault/snapshot.hpp"

namespace gk::server {

// Which state of a record was read; a write names it. Opaque outside of the store that gave it: two versions are the same or they are not.
struct Version {
    std::string text;  // Empty: never stored.
    bool operator==(const Version&) const = default;
};

// `do` something at the times of a cron line (domain/schedule).
struct Schedule {
    enum class Action : std::uint8_t { backup, restart, command };
    std::string at;  // Five cron fields, UTC.
    Action action = Action::backup;
    std::string command;                // For Action::command.
    std::optional<Time> last_fired_at;  // So that a run missed or repeated by a restart fires once.
    bool operator==(const Schedule&) const = default;
};
inline constexpr auto schedule_action_names = std::to_array<std::string_view>({"backup", "restart", "command"});
constexpr std::span<const std::string_view> names_of(Schedule::Action) { return schedule_action_names; }

// The request that the keeper works on. One at a time for each server: a newer one cancels it or is refused.
struct Request {
    OperationId operation;
    Verb verb = Verb::start;
    bool force = false;  // Skips the refusal when the vault fails; given by name and recorded in the operation.
    bool purge = false;  // Delete the backups too.
    Cause cause{};       // Why it is asked.
    std::optional<SnapshotId> snapshot;  // For restore.
    bool restored = false;               // The snapshot has become the live world; what is left is to go where the server was.
    Time asked_at{};
    std::optional<Problem> failed;       // It cannot be done, for this reason; decided, but not yet written into the operation.
    bool operator==(const Request&) const = default;
};

// Why the server is up, or on its way: what the last request to start it came from.
struct Start {
    Cause cause;
    Time asked_at{};
    bool operator==(const Start&) const = default;
};

// How far the work of the present phase has got, where that cannot be seen from outside.
enum class Progress : std::uint8_t {
    none,
    probed,     // The vault has just proved that it takes data.
    saved,      // The snapshot that this phase makes is complete, or was given up for a recorded reason.
    stopping,   // The stop ladder has begun.
    prepared,   // The files of the launch are written.
    kept,       // The deleted world is listed as kept, or its backups are purged.
    forgotten,  // Nothing is left of the server but its record.
};
inline constexpr auto progress_names = std::to_array<std::string_view>({"none", "probed", "saved", "stopping", "prepared", "kept", "forgotten"});
constexpr std::span<const std::string_view> names_of(Progress) { return progress_names; }

// The snapshot that is being made. It is stored before the vault is asked for it: an answer that was lost is asked for again by the same id.
struct Saving {
    SnapshotId id;
    vault::Consistency consistency = vault::Consistency::at_rest;
    vault::Trigger trigger = vault::Trigger::user;
    Time begun_at{};
    bool taken = false;  // In the vault, not yet read back.
    std::optional<Problem> spoiled;  // It will never be complete; what is left is to say so in the catalogue.
    bool operator==(const Saving&) const = default;
};

// A world beside the live one, for a restore.
struct Staged {
    SnapshotId snapshot;
    bool whole = false;  // Restored and checked; may become the live one.
    bool operator==(const Staged&) const = default;
};

// Everything that is known and wanted of one server. The only thing the keeper writes; what really runs is observed, never stored.
struct Record {
    ServerUid uid;
    std::string id;                        // Unique within its space.
    std::string space = "default";         // "namespace" in the API.
    std::string tenant = "default";
    std::string game;                      // Name of a game definition.
    std::string package;                   // Name of a package; empty when the request named resources.
    Resources resources;
    std::map<std::string, Value> settings; // Validated against the definition; defaults are not stored.
    std::map<std::string, Value> applied_settings;  // With which the running game was started.
    std::map<std::string, std::string> labels;
    std::vector<Schedule> schedules;
    std::optional<Milliseconds> backup_every;
    LaunchWay launch = LaunchWay::shim;
    LaunchWay applied_launch = LaunchWay::shim;  // In which the running game was started.
    std::optional<Exposure> exposure;      // Absent on one machine, and in records from before clusters could choose.
    std::optional<Exposure> applied_exposure;  // In which its ports are open. Another one than `exposure` has yet to reach them.
    std::optional<WakeWish> wake;          // Absent: anybody who knocks.
    std::optional<IdleWish> idle;          // Absent: as the installation says.
    std::vector<std::string> notify;       // Mail addresses that hear of this server, beside those of the installation.
    std::vector<PortBinding> ports;
    bool behind_edge = false;  // Since its last start: the game binds the loopback, and players come to it through the edge.
    bool own_network = false;  // Since its last start: the game is alone in its network, and sees players' addresses behind the edge too.
    std::string host;  // Where players reach its open ports, as found out at its last start; empty: this installation's address.
    std::map<std::string, Secret> secrets;  // Random per server: RCON passwords. Never in an API reply.
    std::uint32_t slot = 0;  // Its entry in the range of operating system uids; unique among living servers.

    Wanted wanted = Wanted::stopped;
    Phase phase = Phase::stopped;
    Time phase_since{};
    std::string reason;  // Stable code that says why, for example "crash_loop"; empty when all is well.
    std::string message;  // The same as a sentence.
    std::optional<Request> request;  // What is being worked on.
    std::vector<OperationId> superseded;  // Operations that newer requests have replaced, not yet marked as cancelled.

    bool world_complete = false;  // The disk holds a whole world: defaults were written or a restore was verified.
    bool world_dirty = false;  // The game has run, or files changed, since the last snapshot at rest.
    bool world_lost = false;  // The disk is gone with the world on it: until a backup takes its place, nothing new is made.
    std::optional<Problem> obstacle;  // What keeps it from running, of where it is: gone as soon as it is not seen any more.
    bool disk_tied = false;  // As seen last: the disk can only be used where no game may be started.
    bool quiesced = false;  // Saving was switched off for a snapshot and must be switched on again.
    Progress progress = Progress::none;
    Time progress_since{};
    std::optional<Saving> saving;  // The snapshot being made.
    std::optional<Staged> staged;  // The restore being made.
    std::optional<SnapshotId> undo;  // What a restore_undo brings back.
    bool given_up = false;  // No more tries until somebody asks.
    std::string notice_due;  // Kind of the notice that a person is to get; empty: none.
    DiskLevel disk_level = DiskLevel::fine;  // As measured last.
    std::vector<Time> crashes;  // Within the window of the crash-loop rule, oldest first.
    std::optional<Time> not_before;  // Back-off: the next attempt waits for this.
    std::uint32_t attempts = 0;  // Failed tries of the present phase in a row.
    std::optional<Exit> last_exit;
    std::optional<SnapshotId> last_snapshot;
    std::optional<Time> started_at;  // When the present process became ready.
    std::optional<Start> last_start;
    std::vector<Time> knocks;              // Starts by knocks within the last 24 hours, oldest first.
    std::vector<Milliseconds> start_times; // How long its last starts took, from the request to the first who could join; oldest first.

    Time created_at{};
    Time updated_at{};
    Version version;
    bool operator==(const Record&) const = default;
};

// What players are told: what people have set, else what was found out. Empty: this installation's address.
inline const std::string& host_of(const Record& record) {
    return record.exposure && !record.exposure->address.empty() ? record.exposure->address : record.host;
}

inline constexpr std::size_t start_times_kept = 20;

// A player who knocks can bring it up: it may go to sleep without being lost to those who know nothing but its address.
inline bool wakes_by_knock(const Record& record) { return record.behind_edge && (!record.wake || record.wake->admission != wake::Admission::never); }

// The document stored in databases and in every snapshot. Secrets are in it: it is never an API reply.
Value to_value(const Record& record);
// Reads what to_value() wrote, now or in any released version.
bool decode(const Value& value, const std::string& pointer, Errors& errors, Record& out);

}  // namespace gk::server
