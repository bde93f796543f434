#include "async/deadline.hpp"

#include <optional>
#include <stdexcept>
#include <string>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"

namespace gk::async {
namespace {
using namespace std::chrono_literals;
namespace asio = boost::asio;

// Without a default constructor, as a Result of a domain type may be.
struct Answer {
    explicit Answer(int n) : number(n) {}
    int number;
};

Task<Answer> answer_after(ManualClock& clock, Milliseconds wait) {
    co_await clock.sleep(wait);
    co_return Answer(42);
}

Task<Answer> fail() {
    throw std::runtime_error("broken");
    co_return Answer(0);
}

Task<void> note_end(ManualClock& clock, Milliseconds deadline, Milliseconds work, std::string& end) {
    auto task = answer_after(clock, work);
    try {
        const auto answer = co_await with_deadline(clock, clock.now() + deadline, std::move(task));
        end = answer ? std::to_string(answer->number) : "too late";
    } catch (const boost::system::system_error& error) {
        end = error.code().message();
        throw;
    }
}

std::string race(Milliseconds deadline, Milliseconds work, Milliseconds passes) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::string end;
    group.spawn("race", note_end(clock, deadline, work, end));
    io.poll();
    clock.advance(passes);
    run_until_done(io, group.join());
    EXPECT_EQ(clock.sleepers(), 0u);
    return end;
}

TEST(Deadline, GivesTheResultOfATaskThatIsInTime) { EXPECT_EQ(race(10s, 1s, 1s), "42"); }

TEST(Deadline, GivesNothingWhenTheDeadlineComesFirst) { EXPECT_EQ(race(1s, 10s, 1s), "too late"); }

TEST(Deadline, CancelsTheTaskWhenTheCallerIsCancelled) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::string end;
    group.spawn("race", note_end(clock, 10s, 10s, end));
    io.poll();
    EXPECT_EQ(clock.sleepers(), 2u);

    group.cancel();
    run_until_done(io, group.join());

    EXPECT_EQ(end, "Operation canceled");
    EXPECT_EQ(clock.sleepers(), 0u);
}

TEST(Deadline, LetsExceptionsThrough) {
    asio::io_context io;
    ManualClock clock;

    EXPECT_THROW(run_until_done(io, with_deadline(clock, clock.now() + 1s, fail())), std::runtime_error);

    EXPECT_EQ(clock.sleepers(), 0u);
}

TEST(Deadline, APastDeadlineBeginsNothing) {
    EXPECT_EQ(race(0s, 0s, 0s), "too late");
    EXPECT_EQ(race(-1s, 1h, 0s), "too late");
}

Task<Answer> answer_even_if_cancelled(ManualClock& clock) {
    try {
        co_await clock.sleep(1h);
    } catch (const boost::system::system_error&) {
        co_return Answer(7);
    }
    co_return Answer(42);
}

Task<void> note_answer(ManualClock& clock, std::string& end) {
    auto task = answer_even_if_cancelled(clock);
    const auto answer = co_await with_deadline(clock, clock.now() + 1s, std::move(task));
    end = answer ? std::to_string(answer->number) : "too late";
}

TEST(Deadline, WhatACancelledTaskReturnsIsDropped) {
    asio::io_context io;
    ManualClock clock;
    TaskGroup group(io.get_executor());
    std::string end;
    group.spawn("race", note_answer(clock, end));
    io.poll();

    clock.advance(1s);
    run_until_done(io, group.join());

    EXPECT_EQ(end, "too late");
}

// A machine's clock: each look at it is later than the one before.
class RunningClock final : public Clock {
public:
    Time now() const override { return Time(Milliseconds(looks_++)); }
    Time calendar() const override { return now(); }
    Task<void> sleep_until(Time when) override {
        if (when > now()) co_await for_ever_.wait();
    }

private:
    mutable std::int64_t looks_ = 0;
    WaitQueue for_ever_;
};

TEST(Deadline, CountsAlsoWhenItComesWhileTheTaskIsBegun) {
    asio::io_context io;
    RunningClock clock;
    Signal never;

    EXPECT_FALSE(run_until_done(io, finishes_by(clock, Time(1ms), never.wait())));
}

}  // namespace
}  // namespace gk::async
