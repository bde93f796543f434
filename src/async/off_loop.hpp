#pragma once

#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "ports/task.hpp"

namespace gk::async {

template <class F>
Task<std::invoke_result_t<F&>> as_task(F work) {
    co_return work();
}

// Runs `work`, which may block, on the pool's thread and comes back to the loop with its result. What it refers to outlives it: a cancelled caller
// still waits for its end.
template <class F>
Task<std::invoke_result_t<F&>> off_loop(boost::asio::thread_pool& pool, F work) {
    auto task = as_task(std::move(work));
    co_return co_await boost::asio::co_spawn(pool, std::move(task), boost::asio::use_awaitable);
}

}  // namespace gk::async
