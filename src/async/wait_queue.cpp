#include "async/wait_queue.hpp"

#include <utility>

#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gk::async {
namespace asio = boost::asio;

// Takes the handler of a coroutine that has just been suspended.
struct WaitQueue::Enqueue {
    WaitQueue* queue;
    std::int64_t rank;

    template <class Handler>
    void operator()(Handler handler) const {
        const auto slot = asio::get_associated_cancellation_slot(handler);
        const auto executor = asio::get_associated_executor(handler);
        const auto at = queue->waiting_.emplace(rank, Waiter{std::move(handler), executor, slot});
        if (!slot.is_connected()) return;
        at->second.slot.assign([owner = queue, at](asio::cancellation_type) { owner->finish(at, asio::error::operation_aborted); });
    }
};

WaitQueue::~WaitQueue() {
    // Destroying a coroutine can run code that looks at this queue, so it has to be whole and empty by then.
    const auto dropped = std::exchange(waiting_, {});
}

Task<void> WaitQueue::wait(std::int64_t rank) {
    const Enqueue enqueue{this, rank};
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(boost::system::error_code)>(enqueue, asio::use_awaitable);
}

Task<void> WaitQueue::wait_to_the_end() {
    const Enqueue enqueue{this, 0};
    auto token = asio::bind_cancellation_slot(asio::cancellation_slot(), asio::use_awaitable);
    co_await asio::async_initiate<decltype(token), void(boost::system::error_code)>(enqueue, token);
}

bool WaitQueue::wake_first() {
    if (waiting_.empty()) return false;
    finish(waiting_.begin(), {});
    return true;
}

void WaitQueue::wake_up_to(std::int64_t rank) {
    while (!waiting_.empty() && waiting_.begin()->first <= rank) finish(waiting_.begin(), {});
}

std::optional<std::int64_t> WaitQueue::first_rank() const { return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first); }

void WaitQueue::finish(Waiters::iterator at, boost::system::error_code error) {
    auto waiter = std::move(at->second);
    waiting_.erase(at);
    // Clearing the slot destroys the handler in it, which may be the very one that called us: `waiter` lives outside of it.
    waiter.slot.clear();
    const auto executor = std::move(waiter.executor);
    asio::post(executor, asio::append(std::move(waiter.handler), error));
}

}  // namespace gk::async
