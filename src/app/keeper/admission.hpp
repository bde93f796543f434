#pragma once

#include "async/deadline.hpp"
#include "async/wait_queue.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"

namespace gk::app {

// Whether requests that change something may be taken in this process. Where it alone keeps, that is when its keeper has taken over; where others
// may keep instead, when it can read the records, because a request is only a record and an operation, which any keeper finds. It opens once.
class Admission {
public:
    void open() {
        is_open_ = true;
        opened_.wake_all();
    }
    bool is_open() const { return is_open_; }

    // False when the deadline came first.
    Task<bool> opens_by(Clock& clock, Time deadline) {
        if (is_open_) co_return true;
        auto waiting = opened_.wait();
        co_return co_await async::finishes_by(clock, deadline, std::move(waiting));
    }

private:
    bool is_open_ = false;
    async::WaitQueue opened_;
};

}  // namespace gk::app
