#include "domain/server/moves.hpp"

#include "base/assert.hpp"
#include "domain/server/disk.hpp"

namespace gk::server {
namespace {

// Tries are counted over both phases of one saving, so that the pauses between them grow.
bool keeps_attempts(Phase phase) { return phase == Phase::backing_up || phase == Phase::backup_failed; }
bool all_is_well(Phase phase) { return phase == Phase::running || phase == Phase::paused || phase == Phase::stopped; }

}  // namespace

void set_progress(Record& record, Progress progress, Time now) {
    record.progress = progress;
    record.progress_since = now;
}

void move(Record& record, Event on, Time now) {
    const auto to = next(record.phase, on);
    ASSERT(to.has_value(), "the plan follows the edges of the life cycle");
    const bool saves_again = keeps_attempts(record.phase) && keeps_attempts(*to);
    record.phase = *to;
    record.phase_since = now;
    set_progress(record, Progress::none, now);
    record.not_before.reset();
    if (!saves_again) record.attempts = 0;
    if (all_is_well(*to)) {
        record.reason.clear();
        record.message.clear();
        if (*to == Phase::stopped) record.disk_level = DiskLevel::fine;  // There is none.
        show_disk(record);
    }
    // From here on a process may write, even when the answer to its launch is lost.
    if (*to == Phase::deploying) record.world_dirty = true;
}

}  // namespace gk::server
