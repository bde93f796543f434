#include "async/task_group.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"

namespace gk::async {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

Task<void> note_after(ManualClock& clock, Milliseconds wait, std::string word, std::vector<std::string>& notes) {
    co_await clock.sleep(wait);
    notes.push_back(word);
}

Task<void> sleep_for_ever(ManualClock& clock) {
    for (;;) co_await clock.sleep(1h);
}

Task<void> fail(ManualClock& clock) {
    co_await clock.sleep(1s);
    throw std::runtime_error("broken");
}

Task<void> nothing() { co_return; }

TEST(TaskGroup, RunsItsTasksSideBySideUntilTheyEnd) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::vector<std::string> notes;
    group.spawn("slow", note_after(clock, 2s, "slow", notes));
    group.spawn("fast", note_after(clock, 1s, "fast", notes));
    io.poll();
    EXPECT_EQ(group.size(), 2u);

    clock.advance(2s);
    run_until_done(io, group.join());

    EXPECT_EQ(notes, (std::vector<std::string>{"fast", "slow"}));
    EXPECT_EQ(group.size(), 0u);
}

TEST(TaskGroup, CancelEndsTasksThatSleep) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    group.spawn("sleeper", sleep_for_ever(clock));
    io.poll();

    group.cancel();
    run_until_done(io, group.join());

    EXPECT_EQ(clock.sleepers(), 0u);
}

TEST(TaskGroup, CancelBeforeTheLoopRunsIsSafeForTasksThatEndAtOnce) {
    asio::io_context io;
    TaskGroup group(io.get_executor());
    group.spawn("nothing", nothing());

    group.cancel();

    run_until_done(io, group.join());
}

Task<void> cancel_own_group(TaskGroup& group, ManualClock& clock) {
    group.cancel();
    co_await clock.sleep(1h);
}

TEST(TaskGroup, ATaskMayCancelItsOwnGroup) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());

    group.spawn("last", cancel_own_group(group, clock));

    run_until_done(io, group.join());
}

TEST(TaskGroup, ATaskOfACancelledGroupNeverBegins) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    group.cancel();

    group.spawn("late", sleep_for_ever(clock));

    run_until_done(io, group.join());
}

TEST(TaskGroup, NamesWhatItWaitsFor) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    group.spawn("sleeper", sleep_for_ever(clock));

    EXPECT_EQ(group.names(), std::vector<std::string>{"sleeper"});

    group.cancel();
    run_until_done(io, group.join());
}

Task<int> seven_after(ManualClock& clock, Milliseconds wait) {
    co_await clock.sleep(wait);
    co_return 7;
}

TEST(TaskGroup, RunInGivesWhatTheTaskReturns) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());

    EXPECT_EQ(run_until_done(io, run_in(group, "at once", seven_after(clock, 0s))), 7);
}

TEST(TaskGroup, RunInGivesNothingWhenTheGroupIsCancelledFirst) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor()), outside(io.get_executor());
    std::vector<std::optional<int>> seen;
    const auto ask = [](TaskGroup& in, ManualClock& time, std::vector<std::optional<int>>& out) -> Task<void> {
        out.push_back(co_await run_in(in, "asked", seven_after(time, 1h)));
    };
    outside.spawn("begun", ask(group, clock, seen));
    io.poll();

    group.cancel();
    outside.spawn("not begun", ask(group, clock, seen));
    run_until_done(io, outside.join());
    run_until_done(io, group.join());

    EXPECT_EQ(seen, (std::vector<std::optional<int>>{std::nullopt, std::nullopt}));
}

TEST(TaskGroup, ReportsAnExceptionWithTheNameOfItsTask) {
    asio::io_context io;
    ManualClock clock;
    std::string report;
    TaskGroup group(io.get_executor(), [&](std::string_view name, std::string_view what) { report = std::string(name) + ": " + std::string(what); });
    group.spawn("worker", fail(clock));
    io.poll();

    clock.advance(1s);
    run_until_done(io, group.join());

    EXPECT_EQ(report, "worker: broken");
}

TEST(TaskGroupDeathTest, AnExceptionEndsTheProcessUnlessSomebodyElseTakesIt) {
    const auto run = [] {
        asio::io_context io;
        ManualClock clock;
        TaskGroup group(io.get_executor());
        group.spawn("worker", fail(clock));
        io.poll();
        clock.advance(1s);
        io.poll();
    };

    EXPECT_DEATH(run(), "task 'worker' ended by an exception: broken");
}

TEST(TaskGroupDeathTest, MustBeEmptyWhenItIsDestroyed) {
    const auto run = [] {
        asio::io_context io;
        ManualClock clock;
        TaskGroup group(io.get_executor());
        group.spawn("sleeper", sleep_for_ever(clock));
    };

    EXPECT_DEATH(run(), "cancelled and joined");
}

Task<void> own_a_group(ManualClock& clock, std::string& end) {
    TaskGroup children(co_await asio::this_coro::executor);
    children.spawn("child", sleep_for_ever(clock));
    auto body = sleep_for_ever(clock);
    try {
        co_await run_with(children, std::move(body));
    } catch (const boost::system::system_error& error) {
        end = error.code().message();
        throw;
    }
}

Task<void> wait_for_children(ManualClock& clock, std::string& end) {
    TaskGroup children(co_await asio::this_coro::executor);
    children.spawn("child", sleep_for_ever(clock));
    auto body = children.done();
    try {
        co_await run_with(children, std::move(body));
    } catch (const boost::system::system_error& error) {
        end = error.code().message();
        throw;
    }
}

TEST(TaskGroup, ACancelledTaskDoesNotWaitUntilItsChildrenAreDone) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::string end;
    group.spawn("parent", wait_for_children(clock, end));
    io.poll();
    EXPECT_EQ(clock.sleepers(), 1u);

    group.cancel();
    run_until_done(io, group.join());

    EXPECT_EQ(clock.sleepers(), 0u);
    EXPECT_EQ(end, "Operation canceled");
}

TEST(TaskGroup, RunWithEndsTheChildrenOfACancelledTask) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::string end;
    group.spawn("parent", own_a_group(clock, end));
    io.poll();
    EXPECT_EQ(clock.sleepers(), 2u);

    group.cancel();
    run_until_done(io, group.join());

    EXPECT_EQ(clock.sleepers(), 0u);
    EXPECT_EQ(end, "Operation canceled");
}

}  // namespace
}  // namespace gk::async
