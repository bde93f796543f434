#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/error_code.hpp>

#include "ports/task.hpp"

namespace gk::async {

// Suspended coroutines, ordered by a rank and, within one rank, by arrival. What Signal, Mailbox and ManualClock wait on. Everything happens
// on the loop's thread; a woken coroutine goes on in a later turn of the loop, never inside wake(). The queue may be destroyed while
// coroutines wait: they are destroyed with it, without being resumed.
class WaitQueue {
public:
    WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;
    WaitQueue& operator=(const WaitQueue&) = delete;
    ~WaitQueue();

    // Returns after it was woken; throws operation_aborted when the waiting task is cancelled first.
    Task<void> wait(std::int64_t rank = 0);
    // As wait(), but a cancellation of the task does not end it: for clean-up, whose end is certain.
    Task<void> wait_to_the_end();
    // False when nobody waits.
    bool wake_first();
    // Wakes all whose rank is at most this.
    void wake_up_to(std::int64_t rank);
    void wake_all() { wake_up_to(std::numeric_limits<std::int64_t>::max()); }

    std::optional<std::int64_t> first_rank() const;
    std::size_t size() const { return waiting_.size(); }

private:
    struct Waiter {
        boost::asio::any_completion_handler<void(boost::system::error_code)> handler;
        boost::asio::any_io_executor executor;
        boost::asio::cancellation_slot slot;
    };
    using Waiters = std::multimap<std::int64_t, Waiter>;
    struct Enqueue;

    void finish(Waiters::iterator at, boost::system::error_code error);
    Waiters waiting_;
};

}  // namespace gk::async
