#include "domain/front/knock.hpp"

#include <gtest/gtest.h>

namespace gk::front {
namespace {

constexpr Time now{Milliseconds(1'800'000'000'000)};

server::Record asleep() {
    server::Record record;
    record.id = "castle";
    record.behind_edge = true;
    record.wanted = server::Wanted::paused;
    record.phase = server::Phase::paused;
    return record;
}

TEST(Knock, StartsWhatSleeps) { EXPECT_EQ(judge_knock(asleep(), now), KnockVerdict::start); }

TEST(Knock, WaitsUntilItHasGoneToSleep) {
    auto record = asleep();
    for (const auto phase : {server::Phase::pausing, server::Phase::backing_up}) {
        record.phase = phase;
        EXPECT_EQ(judge_knock(record, now), KnockVerdict::too_early) << name_of(phase);
    }
}

TEST(Knock, LeavesAloneWhatAPersonHasSwitchedOff) {
    auto record = asleep();
    for (const auto wanted : {server::Wanted::stopped, server::Wanted::deleted, server::Wanted::running}) {
        record.wanted = wanted;
        EXPECT_EQ(judge_knock(record, now), KnockVerdict::not_asleep) << name_of(wanted);
    }
}

TEST(Knock, IsRefusedWhereNobodyMayWakeIt) {
    auto record = asleep();
    record.wake = server::WakeWish{.admission = wake::Admission::never, .names = {}, .addresses = {}};
    EXPECT_EQ(judge_knock(record, now), KnockVerdict::refused);
    record.wake.reset();
    record.behind_edge = false;
    EXPECT_EQ(judge_knock(record, now), KnockVerdict::refused);
}

TEST(Knock, IsRefusedWhenTheDaysStartsAreUsedUp) {
    auto record = asleep();
    record.wake = server::WakeWish{.names = {}, .addresses = {}, .starts_per_day = 2};
    record.knocks = {now - std::chrono::hours(23), now - std::chrono::hours(1)};
    EXPECT_EQ(judge_knock(record, now), KnockVerdict::refused);
    EXPECT_EQ(judge_knock(record, now + std::chrono::hours(1)), KnockVerdict::start) << "the first of them is a day old";
}

}  // namespace
}  // namespace gk::front
