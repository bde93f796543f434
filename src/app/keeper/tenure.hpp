#pragma once

#include <optional>

#include "async/deadline.hpp"
#include "async/wait_queue.hpp"
#include "base/id.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"

namespace gk::app {

// Whether this process's keeper has taken over, and under which epoch. Until then receivers refuse its commands, and whoever wants to change
// something waits here. It begins once and ends with the process.
class Tenure {
public:
    void begin(Epoch epoch) {
        epoch_ = epoch;
        begun_.wake_all();
    }
    // The lowest one before it has begun.
    Epoch epoch() const { return epoch_.value_or(Epoch{}); }
    bool has_begun() const { return epoch_.has_value(); }

    // Returns when it has begun. Throws operation_aborted when the task is cancelled first.
    Task<void> wait() {
        if (!epoch_) co_await begun_.wait();
    }
    // False when the deadline came first.
    Task<bool> begins_by(Clock& clock, Time deadline) {
        if (epoch_) co_return true;
        auto waiting = wait();
        co_return co_await async::finishes_by(clock, deadline, std::move(waiting));
    }

private:
    std::optional<Epoch> epoch_;
    async::WaitQueue begun_;
};

}  // namespace gk::app
