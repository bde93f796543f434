#pragma once

#include "ports/task.hpp"

namespace gk::async {

// What is handed to asio::co_spawn with a cancellation slot: `task`, with one trap of Asio 1.81 closed. When a coroutine that was cancelled ends
// without ever having been suspended, Asio awaits once more after it, that throws, and the exception flies out of io_context::run() instead of
// reaching the completion handler. The trap stays open for a cancellation before the first step: do not signal until the task has begun.
Task<void> spawned(Task<void> task);

}  // namespace gk::async
