#pragma once

#include <chrono>
#include <set>
#include <span>
#include <vector>

#include "base/id.hpp"
#include "base/time.hpp"
#include "domain/vault/snapshot.hpp"

namespace gk::vault {

// Which backups of one server are kept. A snapshot stays when any line asks for it.
struct RetentionRule {
    int last = 5;     // The newest ones.
    int daily = 7;    // The newest one of each of this many days on which there was one.
    int weekly = 4;   // Likewise for weeks.
    Milliseconds age_min = std::chrono::hours(1);         // Nothing younger goes.
    Milliseconds leftover_age = std::chrono::hours(24);   // Failed and interrupted ones are shown this long.
    bool operator==(const RetentionRule&) const = default;
};

struct Expired {
    std::vector<SnapshotId> snapshots;  // Complete ones that no line asks for.
    std::vector<SnapshotId> leftovers;  // Failed ones, and uploads that nobody works on any more.
    bool operator==(const Expired&) const = default;
};

// Chooses what may go, oldest first. "Newest" always means the highest sequence: clocks jump, so times only decide which day a snapshot
// belongs to, and one whose time lies in the future belongs to none. Never chosen: the newest complete snapshot,
// the newest complete one at rest, the newest one made before a restore (it is the undo), and those in `in_use`.
Expired choose_expired(std::span<const Snapshot> snapshots, const RetentionRule& rule, const std::set<SnapshotId>& in_use, Time now);

}  // namespace gk::vault
