#include "domain/watch/watchdog.hpp"

#include <gtest/gtest.h>

namespace gk::watch {
namespace {

using namespace std::chrono_literals;
using server::Phase;

constexpr Time start{1'800'000'000s};

class WatchdogTest : public testing::Test {
protected:
    WatchdogTest() {
        record.phase = Phase::running;
        record.started_at = start;
    }
    Findings look(bool is_measured) {
        const auto found = look_at(vigil, rule, record, {.at = now, .is_measured = is_measured});
        vigil = found.vigil;
        return found.findings;
    }

    WatchdogRule rule;
    server::Record record;
    Vigil vigil;
    Time now = start + 1min;
};

TEST_F(WatchdogTest, ThreeFailedMeasurementsInARowAreAnIncidentAndOneIsNone) {
    EXPECT_EQ(look(true).not_measured, false);
    EXPECT_EQ(look(false).not_measured, std::nullopt);
    EXPECT_EQ(look(true).not_measured, false);
    EXPECT_EQ(look(false).not_measured, std::nullopt);
    EXPECT_EQ(look(false).not_measured, std::nullopt);
    EXPECT_EQ(look(false).not_measured, true);
    EXPECT_EQ(look(false).not_measured, true) << "until it is over";
    EXPECT_EQ(look(true).not_measured, false);
}

TEST_F(WatchdogTest, AnotherProcessIsMeasuredAnew) {
    look(false);
    look(false);
    record.started_at = start + 1s;
    EXPECT_EQ(look(false).not_measured, std::nullopt);
    record.phase = Phase::paused;
    EXPECT_EQ(look(false).not_measured, false) << "what does not run is not measured";
}

TEST_F(WatchdogTest, UpForTooLong) {
    now = start + 8h - 1s;
    EXPECT_EQ(look(true).up_too_long, false);
    now = start + 8h;
    EXPECT_EQ(look(true).up_too_long, true);
    rule.up_most = 0s;
    EXPECT_EQ(look(true).up_too_long, false);
    rule.up_most = 8h;
    record.idle = server::IdleWish{.never = true};
    EXPECT_EQ(look(true).up_too_long, false) << "its owner wants it to stay up";
    record.idle.reset();
    record.phase = Phase::paused;
    EXPECT_EQ(look(true).up_too_long, false);
}

TEST_F(WatchdogTest, AStartThatNeverBecomesReady) {
    record.phase = Phase::failed;
    record.last_exit = server::Exit{.cause = server::ExitCause::start_timeout};
    EXPECT_EQ(look(true).never_ready, true);
    record.phase = Phase::starting;
    EXPECT_EQ(look(true).never_ready, std::nullopt) << "the next try may do better";
    record.phase = Phase::running;
    EXPECT_EQ(look(true).never_ready, false);
    record.phase = Phase::failed;
    record.last_exit->cause = server::ExitCause::crashed;
    EXPECT_EQ(look(true).never_ready, false);
}

}  // namespace
}  // namespace gk::watch
