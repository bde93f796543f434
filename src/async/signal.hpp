#pragma once

#include "async/wait_queue.hpp"

namespace gk::async {

// Wakes a task that looks at the world again. It is a level, not an edge: a raise before the wait is not lost, and many raises before one wait
// wake once. One task waits at a time; raise() is called on the loop's thread.
class Signal {
public:
    void raise() {
        if (!waiting_.wake_first()) raised_ = true;
    }
    // Throws operation_aborted when the task is cancelled.
    Task<void> wait() {
        if (!raised_) co_await waiting_.wait();
        raised_ = false;
    }

private:
    bool raised_ = false;
    WaitQueue waiting_;
};

}  // namespace gk::async
