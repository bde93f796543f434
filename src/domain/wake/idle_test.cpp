#include "domain/wake/idle.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;
using Act = IdleLook::Act;

constexpr Time start{1'000'000'000s};

// One world that is looked at every ten seconds.
class World {
public:
    explicit World(IdleRule rule) : rule_(rule) {}

    // Looks until `minutes` have gone by, and returns what was done, with the second since the start at which it was.
    struct Done {
        Act act;
        std::chrono::seconds at;
        bool operator==(const Done&) const = default;
    };
    std::vector<Done> go_on(Milliseconds time) {
        std::vector<Done> done;
        for (const auto end = sample.at + time; sample.at < end;) {
            sample.at += 10s;
            const auto found = look();
            if (found != Act::none) done.push_back({found, std::chrono::duration_cast<std::chrono::seconds>(sample.at - start)});
        }
        return done;
    }
    Act look() {
        const auto found = look_at(idle, rule_, sample);
        idle = found.idle;
        return found.act;
    }

    IdleSample sample{.at = start, .ready_at = start, .players = 0, .sessions = {}, .is_at_work = false};
    Idle idle;

private:
    IdleRule rule_;
};

constexpr IdleRule five_minutes{.after = 5min, .notice = 1min};

TEST(Idle, AWorldThatNobodyPlaysIsToldAndSleepsAMinuteLater) {
    World world(five_minutes);
    world.look();

    EXPECT_EQ(world.go_on(4min + 50s), (std::vector<World::Done>{{Act::tell, 240s}}));
    EXPECT_EQ(world.idle.because, Awake::not_idle_long);
    EXPECT_EQ(world.idle.sleeps_at, start + 5min);
    EXPECT_EQ(world.go_on(10s), (std::vector<World::Done>{{Act::sleep, 300s}}));
}

TEST(Idle, AJoinAfterTheNoticeBeginsAnew) {
    World world(five_minutes);
    world.look();
    ASSERT_EQ(world.go_on(4min + 50s).size(), 1u);
    world.sample.players = 1;
    EXPECT_TRUE(world.go_on(10s).empty());
    EXPECT_EQ(text_of(world.idle), "1 player is on");
    EXPECT_EQ(world.idle.sleeps_at, std::nullopt);

    world.sample.players = 0;

    EXPECT_EQ(world.go_on(5min + 10s), (std::vector<World::Done>{{Act::tell, 550s}, {Act::sleep, 610s}}));
}

TEST(Idle, WhatIsNotKnownIsNotNobody) {
    World world(five_minutes);
    world.sample.players.reset();

    EXPECT_TRUE(world.go_on(24h).empty());
    EXPECT_EQ(world.idle.because, Awake::players_unknown);
    EXPECT_EQ(world.idle.sleeps_at, std::nullopt);
}

TEST(Idle, AShortGapOnlyPutsASleepOff) {
    World world(five_minutes);
    world.look();
    ASSERT_EQ(world.go_on(4min + 50s).size(), 1u);
    world.sample.players.reset();
    EXPECT_TRUE(world.go_on(50s).empty()) << "not while it is not known";
    EXPECT_EQ(world.idle.sleeps_at, std::nullopt);

    world.sample.players = 0;

    EXPECT_EQ(world.go_on(10s), (std::vector<World::Done>{{Act::sleep, 350s}}));
}

TEST(Idle, ALongGapBeginsTheWaitAnew) {
    World world(five_minutes);
    world.look();
    world.go_on(4min);
    world.sample.players.reset();
    world.go_on(70s);
    world.sample.players = 0;

    EXPECT_TRUE(world.go_on(4min).empty());
    EXPECT_EQ(world.go_on(1min + 20s).back().act, Act::sleep);
}

TEST(Idle, TheEdgeCountsWhereTheGameDoesNot) {
    World world(five_minutes);
    world.sample.players.reset();
    world.sample.sessions = 2;
    EXPECT_TRUE(world.go_on(1h).empty());
    EXPECT_EQ(world.idle.because, Awake::sessions);
    world.sample.players = 0;
    EXPECT_EQ(world.go_on(5min + 10s).back().act, Act::sleep) << "what the game says counts first";

    World alone(five_minutes);
    alone.sample.players.reset();
    alone.sample.sessions = 0;
    EXPECT_EQ(alone.go_on(5min + 10s).back().act, Act::sleep);
}

TEST(Idle, TimeBeforeItWasReadyDoesNotCount) {
    World world(five_minutes);
    world.look();
    world.go_on(4min + 50s);
    world.sample.ready_at = world.sample.at;  // It has slept and was woken since.

    EXPECT_TRUE(world.go_on(4min + 50s).empty());
    EXPECT_EQ(world.go_on(10s).back().act, Act::sleep);
}

TEST(Idle, NothingIsCutShort) {
    World world(five_minutes);
    world.sample.is_at_work = true;
    world.look();
    EXPECT_TRUE(world.go_on(20min).empty());
    EXPECT_EQ(world.idle.because, Awake::at_work);

    world.sample.is_at_work = false;

    EXPECT_EQ(world.go_on(70s), (std::vector<World::Done>{{Act::tell, 1210s}, {Act::sleep, 1270s}})) << "those in the game have their minute";
}

TEST(Idle, ALateLookStillGivesNotice) {
    World world(five_minutes);
    world.look();
    world.sample.at += 1h;

    EXPECT_EQ(world.look(), Act::tell);
    EXPECT_EQ(world.idle.sleeps_at, world.sample.at + 1min);
}

TEST(Idle, WithoutNoticeItSleepsWhenItsTimeHasCome) {
    World world({.after = 2min, .notice = {}});
    world.look();

    EXPECT_EQ(world.go_on(2min), (std::vector<World::Done>{{Act::sleep, 120s}}));
}

TEST(Idle, SomeWorldsNeverSleep) {
    World world({.after = {}, .notice = 1min});

    EXPECT_TRUE(world.go_on(24h).empty());
    EXPECT_EQ(world.idle.because, Awake::never_sleeps);
}

TEST(Idle, WhoIsBusyWithItKeepsItUpAndTheWaitBeginsWhenHeGoes) {
    World world(five_minutes);
    for (const auto busy : {Awake::console, Awake::files}) {
        world.sample.kept = busy;
        EXPECT_TRUE(world.go_on(30min).empty()) << name_of(busy);
        EXPECT_EQ(world.idle.because, busy);
        EXPECT_EQ(world.idle.sleeps_at, std::nullopt);
        world.sample.kept.reset();
        EXPECT_TRUE(world.go_on(3min).empty());
    }
    world.go_on(1min);
    EXPECT_EQ(world.go_on(2min).back().act, Act::sleep);
}

}  // namespace
}  // namespace gk::wake
