#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/time.hpp"

namespace gk::vault {

enum class SnapshotStatus : std::uint8_t { uploading, complete, failed };
inline constexpr auto snapshot_status_names = std::to_array<std::string_view>({"uploading", "complete", "failed"});
constexpr std::span<const std::string_view> names_of(SnapshotStatus) { return snapshot_status_names; }

// Of the files at rest; of a running game that had flushed and stopped writing; of a running game as it was.
enum class Consistency : std::uint8_t { at_rest, quiesced, live };
inline constexpr auto consistency_names = std::to_array<std::string_view>({"at_rest", "quiesced", "live"});
constexpr std::span<const std::string_view> names_of(Consistency) { return consistency_names; }

enum class Trigger : std::uint8_t { pause, stop, crash, schedule, user, before_restore, move };
inline constexpr auto trigger_names = std::to_array<std::string_view>({"pause", "stop", "crash", "schedule", "user", "before_restore", "move"});
constexpr std::span<const std::string_view> names_of(Trigger) { return trigger_names; }

// One backup of one world, as our catalogue knows it. `complete` only after it was read back.
struct Snapshot {
    SnapshotId id;
    ServerUid server;
    SnapshotStatus status = SnapshotStatus::uploading;
    Consistency consistency = Consistency::live;
    Trigger trigger = Trigger::user;
    Time created_at{};
    std::int64_t sequence = 0;  // Order of creation within the server; retention goes by it, never by the clock.
    std::int64_t bytes = 0;     // Of the world.
    std::int64_t files = 0;
    std::string engine_id;      // restic's snapshot id, for `restic restore`.
    std::string reason;         // Why it failed.
    bool operator==(const Snapshot&) const = default;
};

}  // namespace gk::vault
