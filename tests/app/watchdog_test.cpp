#include "app/watch/watchdog.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

using namespace std::chrono_literals;

// Counts what is told and what is taken back.
class Ears final : public Notifier {
public:
    std::vector<std::string> kinds, over;
    Task<void> notify(Notice notice) override {
        kinds.push_back(std::move(notice.kind));
        co_return;
    }
    Task<void> is_over(std::string kind, ServerUid) override {
        over.push_back(std::move(kind));
        co_return;
    }
};

class WatchdogTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(home.create({.id = "castle", .game = "teeworlds"}));
        home.bring_up("castle");
        home.runtime.seen.process = Seen::Process::ready;
        home.runtime.seen.players.online = 0;
    }
    Task<void> stop(server::Record) {
        ++stops;
        co_return;
    }
    std::vector<std::string> told_in(int rounds) {
        ears.kinds.clear();
        for (int i = 0; i < rounds; ++i) {
            home.clock.advance(10s);
            home.wait(watchdog.round());
        }
        return ears.kinds;
    }

    Household home;
    Ears ears;
    int stops = 0;
    app::Watchdog watchdog{{home.store, home.runtime, ears, home.clock}, [this](server::Record record) { return stop(std::move(record)); }, {}, 10s};
};

using Kinds = std::vector<std::string>;

TEST_F(WatchdogTest, AGameThatDoesNotAnswerThreeTimesInARowIsToldAndStopped) {
    EXPECT_EQ(told_in(3), Kinds());
    home.runtime.seen.players.online.reset();
    EXPECT_EQ(told_in(2), Kinds());
    EXPECT_EQ(stops, 0);

    EXPECT_EQ(told_in(1), Kinds{"not_measured"});

    EXPECT_EQ(stops, 1);
    home.runtime.seen.players.online = 0;
    ears.over.clear();
    EXPECT_EQ(told_in(1), Kinds());
    EXPECT_NE(std::ranges::find(ears.over, "not_measured"), ears.over.end());
}

TEST_F(WatchdogTest, AGameThatNeverSaysWhoPlaysIsNotOneThatHangs) {
    home.runtime.seen.players.online.reset();
    EXPECT_EQ(told_in(20), Kinds());
}

TEST_F(WatchdogTest, UpForTooLongIsStoppedUnlessSomebodyPlays) {
    home.runtime.seen.players.online = 2;
    home.clock.advance(8h);
    EXPECT_EQ(told_in(1), Kinds{"up_too_long"});
    EXPECT_EQ(stops, 0);
    home.runtime.seen.players.online = 0;
    told_in(1);
    EXPECT_EQ(stops, 1);
}

TEST_F(WatchdogTest, WhatIsUnderWayIsNotStopped) {
    ASSERT_TRUE(home.ask("castle", {.verb = server::Verb::backup}));
    home.clock.advance(8h);
    told_in(1);
    EXPECT_EQ(stops, 0);
}

}  // namespace
}  // namespace gk::apptest
