#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.hpp"
#include "ports/vault.hpp"
#include "ports/workbench.hpp"

// What restic 0.14 prints, as values.
namespace gk::restic {

// The last line of `restic backup --json`.
struct Summary {
    std::string short_id;  // The first 8 digits of the snapshot's id.
    std::int64_t bytes = 0;
    std::int64_t files = 0;
};
std::optional<Summary> parse_summary(std::string_view output);

// `restic snapshots --json`, oldest first; those without our tags are left out: they are not ours.
std::optional<std::vector<VaultEntry>> parse_snapshots(std::string_view output);

// The tags that make a snapshot ours: "id=...", "consistency=...", "trigger=...".
std::vector<std::string> tags_of(const SnapshotOrder& order);

// Why a run ended as it did. restic 0.14 has no exit codes for causes, so its words decide; words that we do not know mean `unavailable`,
// which is tried again and destroys nothing.
VaultError failure_of(const Workbench::Ended& ended);
bool is_wrong_password(const Workbench::Ended& ended);
bool is_locked(const Workbench::Ended& ended);
// The ids in the output of `restic list locks`.
std::vector<std::string> parse_lock_ids(std::string_view output);
// Who holds a lock, from the output of `restic cat lock`; empty when it is not understood.
std::string lock_holder(std::string_view output);
// `restic check` found packs missing or of the wrong size (and not only trees of some snapshot that need such a pack).
bool misses_packs(const Workbench::Ended& ended);

}  // namespace gk::restic
