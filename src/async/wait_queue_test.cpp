#include "async/wait_queue.hpp"

#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"

namespace gk::async {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

Task<void> count_wakes(Signal& signal, int& wakes) {
    for (;;) {
        co_await signal.wait();
        ++wakes;
    }
}

Task<void> note_wake(WaitQueue& queue, std::int64_t rank, std::vector<std::int64_t>& woken) {
    co_await queue.wait(rank);
    woken.push_back(rank);
}

Task<void> hold(WaitQueue& queue, std::shared_ptr<int> held) {
    co_await queue.wait();
    ++*held;
}

TEST(Signal, RaisesBeforeTheWaitWakeOnce) {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    Signal signal;
    int wakes = 0;
    signal.raise();
    signal.raise();

    group.spawn("waiter", count_wakes(signal, wakes));
    io.poll();

    EXPECT_EQ(wakes, 1);
    group.cancel();
    run_until_done(io, group.join());
}

TEST(Signal, RaisesBeforeTheWokenTaskGoesOnCollapse) {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    Signal signal;
    int wakes = 0;
    group.spawn("waiter", count_wakes(signal, wakes));
    io.poll();

    signal.raise();  // Wakes the waiter, which goes on in the next turn and then sees what both raises were about.
    signal.raise();
    io.restart();
    io.poll();

    EXPECT_EQ(wakes, 1);
    group.cancel();
    run_until_done(io, group.join());
}

TEST(WaitQueue, WakesByRankAndThenByArrival) {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    WaitQueue queue;
    std::vector<std::int64_t> woken;
    for (const std::int64_t rank : {30, 10, 20}) group.spawn("waiter", note_wake(queue, rank, woken));
    io.poll();

    queue.wake_up_to(20);
    io.restart();
    io.poll();

    EXPECT_EQ(woken, (std::vector<std::int64_t>{10, 20}));
    EXPECT_EQ(queue.first_rank(), 30);
    group.cancel();
    run_until_done(io, group.join());
    EXPECT_EQ(queue.size(), 0u);
}

TEST(WaitQueue, ACancellationBetweenTheWakeAndTheResumptionIsHarmless) {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    WaitQueue queue;
    std::vector<std::int64_t> woken;
    group.spawn("waiter", note_wake(queue, 1, woken));
    group.spawn("other waiter", note_wake(queue, 2, woken));
    io.poll();

    asio::post(io, [&] {
        queue.wake_first();
        group.cancel();
    });
    run_until_done(io, group.join());

    EXPECT_EQ(woken, std::vector<std::int64_t>{1});
    EXPECT_EQ(queue.size(), 0u);
}

TEST(WaitQueue, DestroysWhoStillWaits) {
    const auto held = std::make_shared<int>(0);
    asio::io_context io;
    auto queue = std::make_optional<WaitQueue>();
    asio::co_spawn(io, hold(*queue, held), [](const std::exception_ptr&) {});
    io.poll();
    EXPECT_EQ(held.use_count(), 2);

    queue.reset();
    io.restart();
    io.poll();

    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(*held, 0);
}

TEST(ManualClock, ASleepOfThePastDoesNotWait) {
    asio::io_context io;
    ManualClock clock;

    run_until_done(io, clock.sleep_until(clock.now()));

    EXPECT_EQ(clock.sleepers(), 0u);
}

TEST(ManualClock, KnowsWhenTheNextSleeperIsDue) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    group.spawn("late", clock.sleep(5s));
    group.spawn("early", clock.sleep(2s));
    io.poll();

    const auto start = clock.now();
    EXPECT_EQ(clock.next_due(), start + 2s);
    EXPECT_TRUE(clock.advance_to_next());
    EXPECT_TRUE(clock.advance_to_next());
    run_until_done(io, group.join());

    EXPECT_EQ(clock.now(), start + 5s);
    EXPECT_FALSE(clock.advance_to_next());
}

}  // namespace
}  // namespace gk::async
