#include "async/deadline.hpp"

#include <exception>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "async/spawned.hpp"
#include "async/task_group.hpp"

namespace gk::async {
namespace asio = boost::asio;
namespace {

struct Race {
    asio::cancellation_signal work;
    bool expired = false;
};

Task<void> expire(Clock& clock, Time deadline, Race& race) {
    co_await clock.sleep_until(deadline);
    race.expired = true;
    race.work.emit(asio::cancellation_type::terminal);
}

// Two coroutines on one executor and a signal, rather than Asio's parallel_group: that one cancels the loser through a raw pointer.
Task<void> run_work(Task<void> task, Race& race) {
    const auto executor = co_await asio::this_coro::executor;
    auto token = asio::bind_cancellation_slot(race.work.slot(), asio::use_awaitable);
    co_await asio::co_spawn(executor, spawned(std::move(task)), std::move(token));
}

// Hands a cancellation of the current task on to the work, which listens to the race's signal instead of the task's own.
class Forwarding {
public:
    Forwarding(asio::cancellation_slot from, Race& race) : slot_(from) {
        if (!slot_.is_connected()) return;
        slot_.assign([&race](asio::cancellation_type type) { race.work.emit(type); });
    }
    Forwarding(const Forwarding&) = delete;
    Forwarding& operator=(const Forwarding&) = delete;
    ~Forwarding() {
        if (slot_.is_connected()) slot_.clear();
    }

private:
    asio::cancellation_slot slot_;
};

Task<void> run_cancellable(Task<void> task, Race& race) {
    const auto state = co_await asio::this_coro::cancellation_state;
    // Time goes on: the deadline may have come since it was found to lie ahead, and what is not under way yet would not hear of it.
    if (race.expired) co_return;
    const Forwarding forwarding(state.slot(), race);
    co_await run_work(std::move(task), race);
}

bool is_cancellation(const boost::system::system_error& error) { return error.code() == asio::error::operation_aborted; }

}  // namespace

Task<bool> finishes_by(Clock& clock, Time deadline, Task<void> task) {
    if (deadline <= clock.now()) co_return false;
    Race race;
    TaskGroup timer(co_await asio::this_coro::executor);
    timer.spawn("deadline", expire(clock, deadline, race));
    auto work = run_cancellable(std::move(task), race);
    try {
        co_await run_with(timer, std::move(work));
    } catch (const boost::system::system_error& error) {
        if (!race.expired || !is_cancellation(error)) throw;
    }
    co_return !race.expired;
}

}  // namespace gk::async
