#include "adapters/system/clock.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/system/random.hpp"
#include "async/run.hpp"

namespace gk::system {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, NeverGoesBack) {
    boost::asio::io_context io;
    const SystemClock clock(io.get_executor());

    auto last = clock.now();
    for (int i = 0; i < 1000; ++i) {
        const auto now = clock.now();
        ASSERT_GE(now, last);
        last = now;
    }
}

TEST(SystemClock, StartsWithTheCalendar) {
    boost::asio::io_context io;
    const SystemClock clock(io.get_executor());

    EXPECT_LT(std::chrono::abs(clock.now() - clock.calendar()), 1s);
}

TEST(SystemClock, WakesNoSleeperTooEarly) {
    boost::asio::io_context io;
    SystemClock clock(io.get_executor());
    const auto when = clock.now() + 3ms;

    async::run_until_done(io, clock.sleep_until(when));

    EXPECT_GE(clock.now(), when);
}

TEST(SystemClock, DoesNotWaitForThePast) {
    boost::asio::io_context io;
    SystemClock clock(io.get_executor());

    async::run_until_done(io, clock.sleep_until(clock.now() - 24h));
}

TEST(SystemClock, EndsASleepThatIsCancelled) {
    boost::asio::io_context io;
    SystemClock clock(io.get_executor());
    boost::asio::cancellation_signal cancel;
    std::exception_ptr ended;
    const auto done = [&](std::exception_ptr error) { ended = error; };
    boost::asio::co_spawn(io, clock.sleep(24h), boost::asio::bind_cancellation_slot(cancel.slot(), done));
    io.poll();

    cancel.emit(boost::asio::cancellation_type::terminal);
    io.restart();
    io.run();

    EXPECT_TRUE(ended != nullptr);
}

TEST(SystemRandom, NeverRepeatsItself) {
    SystemRandom random;

    EXPECT_NE(random.id<ServerUid>(), random.id<ServerUid>());
}

}  // namespace
}  // namespace gk::system
