#include "adapters/system/clock.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gk::system {

SystemClock::SystemClock(boost::asio::any_io_executor loop)
    : loop_(std::move(loop)),
      started_at_(calendar()),
      started_ticking_(std::chrono::steady_clock::now()) {}

Time SystemClock::now() const { return started_at_ + std::chrono::floor<Milliseconds>(std::chrono::steady_clock::now() - started_ticking_); }

Time SystemClock::calendar() const { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }

Task<void> SystemClock::sleep_until(Time when) {
    if (when <= now()) co_return;
    // The timer's own clock counts finer than now(); a sleeper never finds that its time has not come yet.
    boost::asio::steady_timer timer(loop_, started_ticking_ + (when - started_at_));
    co_await timer.async_wait(boost::asio::use_awaitable);
}

}  // namespace gk::system
