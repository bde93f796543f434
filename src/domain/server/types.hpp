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
#include "base/units.hpp"

// The words of a server's life (docs/glossary.md, contract section 2). All names below are what the API shows.
namespace gk::server {

enum class Phase : std::uint8_t {
    requested,
    validating,
    backup_check,
    creating_defaults,
    restoring_files,
    deploying,
    starting,
    address_allocation,
    running,
    pausing,
    stopping,
    backing_up,
    backup_failed,
    paused,
    cleanup,
    stopped,
    failed,
    deleting,
};
inline constexpr auto phase_names = std::to_array<std::string_view>({
    "requested",
    "validating",
    "backup_check",
    "creating_defaults",
    "restoring_files",
    "deploying",
    "starting",
    "address_allocation",
    "running",
    "pausing",
    "stopping",
    "backing_up",
    "backup_failed",
    "paused",
    "cleanup",
    "stopped",
    "failed",
    "deleting",
});
constexpr std::span<const std::string_view> names_of(Phase) { return phase_names; }

// What people see of a phase.
enum class State : std::uint8_t { starting, running, pausing, paused, stopping, stopped, failed, deleting };
inline constexpr auto state_names =
    std::to_array<std::string_view>({"starting", "running", "pausing", "paused", "stopping", "stopped", "failed", "deleting"});
constexpr std::span<const std::string_view> names_of(State) { return state_names; }

// What the owner wants the server to be.
enum class Wanted : std::uint8_t { running, paused, stopped, deleted };
inline constexpr auto wanted_names = std::to_array<std::string_view>({"running", "paused", "stopped", "deleted"});
constexpr std::span<const std::string_view> names_of(Wanted) { return wanted_names; }

// What an operation does. The first five change `wanted`; the others work on a server as it is.
enum class Verb : std::uint8_t { start, pause, stop, restart, remove, create, backup, restore, restore_undo };
inline constexpr auto verb_names =
    std::to_array<std::string_view>({"start", "pause", "stop", "restart", "delete", "create", "backup", "restore", "restore_undo"});
constexpr std::span<const std::string_view> names_of(Verb) { return verb_names; }

enum class ExitCause : std::uint8_t { asked, crashed, out_of_memory, start_timeout, lost };
inline constexpr auto exit_cause_names = std::to_array<std::string_view>({"asked", "crashed", "out_of_memory", "start_timeout", "lost"});
constexpr std::span<const std::string_view> names_of(ExitCause) { return exit_cause_names; }

// How a game process ended. Intent decides between asked and crashed, never the exit code: real games exit 1 when asked to stop.
struct Exit {
    ExitCause cause = ExitCause::lost;
    std::optional<int> signal;  // The signal that ended it, if one did.
    std::optional<int> code;    // Its exit code, if it exited.
    Time at{};
    std::string log_tail;  // The last 200 lines at most.
    std::optional<MebiBytes> memory_peak;  // Absent when nobody measured it.
    bool operator==(const Exit&) const = default;
};

struct Resources {
    MilliCpu cpu{};
    MebiBytes memory{};
    MebiBytes disk{};
    bool operator==(const Resources&) const = default;
};

// A port of a server, from create to delete. `bound` is what the game binds, `open` what players use: equal until the edge stands between.
struct PortBinding {
    std::string role;  // "game", "query", "rcon", "web", ... unique within a server together with the protocol.
    Protocol protocol = Protocol::udp;
    Port open{};
    Port bound{};
    bool internal = false;  // Loopback only, never shown as an endpoint (RCON, econ).
    bool operator==(const PortBinding&) const = default;
};

struct Players {
    std::optional<int> online;  // Absent: not known, which is not the same as nobody.
    std::optional<int> max;
    std::vector<std::string> names;
    bool operator==(const Players&) const = default;
};

struct Usage {
    MilliCpu cpu{};
    MebiBytes memory{};
    MebiBytes disk{};
    // What `disk` can grow to: the game cannot write any more when both are equal. Absent when the world is a plain folder, which only the
    // machine's disk bounds.
    std::optional<MebiBytes> disk_size;
    bool operator==(const Usage&) const = default;
};

// How full a world's disk is, in the steps that somebody must hear of; ordered.
enum class DiskLevel : std::uint8_t { fine, low, full };
inline constexpr auto disk_level_names = std::to_array<std::string_view>({"fine", "low", "full"});
constexpr std::span<const std::string_view> names_of(DiskLevel) { return disk_level_names; }

}  // namespace gk::server

namespace gk {
inline constexpr auto protocol_names = std::to_array<std::string_view>({"tcp", "udp"});
constexpr std::span<const std::string_view> names_of(Protocol) { return protocol_names; }
}  // namespace gk
