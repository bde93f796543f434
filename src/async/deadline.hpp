#pragma once

#include <optional>
#include <utility>

#include "base/time.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"

namespace gk::async {

// Awaits `task`, but cancels it when `deadline` comes on the clock's now(). True when the task ended before that. It returns only after the task
// has really ended, so what the task refers to may go away afterwards; a task that ignores its cancellation is waited for. What a task returns
// after it was cancelled is dropped: many turn the cancellation into an error value. A deadline that is past begins nothing. Cancelling the
// caller cancels the task; the task's exceptions come through.
Task<bool> finishes_by(Clock& clock, Time deadline, Task<void> task);

template <class T>
Task<void> store_result(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
}

// The same for a task with a result: nullopt when the deadline came first.
template <class T>
Task<std::optional<T>> with_deadline(Clock& clock, Time deadline, Task<T> task) {
    std::optional<T> result;
    auto storing = store_result(std::move(task), result);
    const bool finished = co_await finishes_by(clock, deadline, std::move(storing));
    if (!finished) result.reset();
    co_return result;
}

}  // namespace gk::async
