#pragma once

#include "base/time.hpp"
#include "ports/task.hpp"

namespace gk {

// Time and waiting. The only source of either: nothing else reads a clock or owns a timer.
class Clock {
public:
    virtual ~Clock() = default;
    // Wall time when the process started, plus what has passed on the monotonic clock since: never jumps, never goes back. Every record,
    // deadline and back-off uses it.
    virtual Time now() const = 0;
    // The calendar, which may jump. For cron lines and certificates only.
    virtual Time calendar() const = 0;
    // Returns when `when` has come on now()'s clock; at once when it is past. Throws operation_aborted when the task is cancelled.
    virtual Task<void> sleep_until(Time when) = 0;
    Task<void> sleep(Milliseconds duration) { return sleep_until(now() + duration); }
};

}  // namespace gk
