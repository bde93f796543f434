#pragma once

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/assert.hpp"
#include "ports/task.hpp"

namespace gk::async {

// Runs the loop until the task has ended, and returns or throws what it returned or threw. Other tasks of the loop make progress meanwhile and
// are left where they are. For main() and tests.
template <class T>
T run_until_done(boost::asio::io_context& io, Task<T> task) {
    std::optional<T> result;
    std::exception_ptr thrown;
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
        done = true;
        thrown = error;
        if (!error) result.emplace(std::move(value));
    });
    io.restart();
    while (!done) ASSERT(io.run_one() > 0, "the loop ran out of work before the task ended");
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*result);
}

inline void run_until_done(boost::asio::io_context& io, Task<void> task) {
    std::exception_ptr thrown;
    bool done = false;
    boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
        done = true;
        thrown = error;
    });
    io.restart();
    while (!done) ASSERT(io.run_one() > 0, "the loop ran out of work before the task ended");
    if (thrown) std::rethrow_exception(thrown);
}

}  // namespace gk::async
