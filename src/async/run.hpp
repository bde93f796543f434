#pragma once

#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>

#include "ports/task.hpp"

namespace gk::async {

// Runs the loop until the task has ended, and returns or throws what it returned or threw. Other tasks of the loop make progress meanwhile and
// are left where they are. For main() and tests.
void run_until_done(boost::asio::io_context& io, Task<void> task);

template <class T>
Task<void> keep_result(Task<T> task, std::optional<T>& result) {
    result.emplace(co_await std::move(task));
}

template <class T>
T run_until_done(boost::asio::io_context& io, Task<T> task) {
    std::optional<T> result;
    auto keeping = keep_result(std::move(task), result);
    run_until_done(io, std::move(keeping));
    return std::move(*result);
}

}  // namespace gk::async
