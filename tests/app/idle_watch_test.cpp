#include "app/watch/idle_watch.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "app/keeper/tenure.hpp"
#include "app/watch/attendance.hpp"
#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

using namespace std::chrono_literals;

// A game whose players can be told what is to come.
class TalkingGames final : public app::GameBook {
public:
    std::string say = "say";

    server::Announcement announcement(const server::Record&) const override { return {.command = say}; }
    Result<server::LaunchSpec, app::Error> launch_spec(const server::Record&) const override { return server::LaunchSpec(); }
    std::vector<std::string> files_to_read(const server::Record&) const override { return {}; }
    Result<std::vector<app::WorldFile>, app::Error> files_to_write(const server::Record&, const std::map<std::string, std::string>&) const override {
        return std::vector<app::WorldFile>();
    }
    std::vector<std::string> snapshot_excludes(const server::Record&) const override { return {}; }
    Value definition(const server::Record&) const override { return {}; }
};

class IdleWatchTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(home.create({.id = "castle", .game = "teeworlds"}));
        home.bring_up("castle");
        change([](server::Record& record) { record.idle = server::IdleWish{.after = 5min}; });
        home.runtime.seen.process = Seen::Process::ready;
        home.runtime.seen.players.online = 0;
        tenure.begin(Epoch{3});
    }
    template <class Change>
    void change(Change how) {
        auto record = home.record("castle");
        how(record);
        ASSERT_TRUE(home.wait(home.store.replace(record)));
    }
    // As the control plane does it.
    Task<void> pause(server::Record record) {
        const app::Idempotency once;
        const app::VerbOrder order{.verb = server::Verb::pause, .cause = {.kind = server::Cause::Kind::idle}};
        const app::Caller caller{.name = "idle watch"};
        const auto accepted = co_await home.servers.ask(caller, record.space, record.id, order, once);
        EXPECT_TRUE(accepted);
        ++pauses;
    }
    // Looks every ten seconds.
    void go_on(Milliseconds time) {
        for (Milliseconds gone{0}; gone < time; gone += 10s) {
            home.clock.advance(10s);
            home.wait(watch.round());
        }
    }
    std::vector<std::string> told() {
        std::vector<std::string> reasons;
        for (const auto& event : *home.wait(home.ledger.events_after(0, 100))) {
            if (event.type == "server.idle") reasons.emplace_back(*event.data.find("because")->as_string());
        }
        return reasons;
    }
    wake::Idle shown() { return watch.of(home.record("castle").uid).value_or(wake::Idle()); }

    Household home;
    app::Tenure tenure;
    TalkingGames games;
    int pauses = 0;
    std::optional<int> sessions;
    wake::KeepFor keep_for;
    app::Attendance attendance{home.clock};
    app::IdleWatch watch{{home.store, home.ledger, home.runtime, home.clock, games, tenure},
                         [this](server::Record record) { return pause(std::move(record)); },
                         [this](const server::Record&) { return sessions; },
                         {.after = 30min},
                         10s,
                         [this](const server::Record& record) { return attendance.keeps_up(record.uid, keep_for); }};
};

TEST_F(IdleWatchTest, AWorldThatNobodyPlaysIsToldAndThenPausedByAnOperation) {
    go_on(4min + 10s);
    EXPECT_EQ(home.runtime.last_command, "say Nobody seems to play: this world goes to sleep in about 60 seconds, saved, unless somebody joins.");
    EXPECT_EQ(told(), std::vector<std::string>{"not_idle_long"});
    EXPECT_EQ(shown().sleeps_at, home.clock.now() + 1min);
    go_on(50s);
    EXPECT_EQ(pauses, 0);

    go_on(10s);

    EXPECT_EQ(pauses, 1);
    const auto record = home.record("castle");
    EXPECT_EQ(record.wanted, server::Wanted::paused);
    ASSERT_TRUE(record.request.has_value());
    EXPECT_EQ(record.request->cause.kind, server::Cause::Kind::idle);
    go_on(10min);
    EXPECT_EQ(pauses, 1) << "what falls asleep is not watched";
    EXPECT_EQ(watch.of(record.uid), std::nullopt);
}

TEST_F(IdleWatchTest, AJoinInTheLastMinuteKeepsItUpAndIsTold) {
    go_on(4min + 10s);
    home.runtime.seen.players.online = 1;

    go_on(10min);

    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(told(), (std::vector<std::string>{"not_idle_long", "players"}));
    EXPECT_EQ(shown().because, wake::Awake::players);
    home.runtime.seen.players.online = 0;
    go_on(5min);
    EXPECT_EQ(pauses, 0) << "the time begins anew when the last one leaves";
    go_on(10s);
    EXPECT_EQ(pauses, 1);
}

TEST_F(IdleWatchTest, WhatCannotBeMeasuredIsNotIdle) {
    home.runtime.seen.players.online.reset();
    go_on(1h);
    home.runtime.seen.players.online = 0;
    home.runtime.seen.process = Seen::Process::unknown;
    go_on(1h);

    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(shown().because, wake::Awake::players_unknown);
}

TEST_F(IdleWatchTest, TheEdgeCountsWhereTheGameDoesNot) {
    home.runtime.seen.players.online.reset();
    sessions = 1;
    go_on(1h);
    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(shown().because, wake::Awake::sessions);

    sessions = 0;

    go_on(6min);
    EXPECT_EQ(pauses, 1);
}

TEST_F(IdleWatchTest, AServerOfWhichNothingIsSaidSleepsOnlyWhereAPlayerCanWakeIt) {
    change([](server::Record& record) { record.idle.reset(); });
    go_on(2h);
    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(shown().because, wake::Awake::never_sleeps);

    change([](server::Record& record) { record.behind_edge = true; });

    go_on(29min);
    EXPECT_EQ(pauses, 0);
    go_on(1min + 10s);
    EXPECT_EQ(pauses, 1);
}

TEST_F(IdleWatchTest, WhoSaysNeverIsLeftAlone) {
    change([](server::Record& record) {
        record.behind_edge = true;
        record.idle = server::IdleWish{.never = true};
    });
    go_on(24h);
    EXPECT_EQ(pauses, 0);
}

TEST_F(IdleWatchTest, NothingIsTypedWhereNobodyCanBeTold) {
    games.say.clear();
    go_on(5min);
    EXPECT_EQ(pauses, 0);
    go_on(10s);

    EXPECT_EQ(pauses, 1);
    EXPECT_EQ(home.runtime.last_command, "");
    EXPECT_TRUE(told().empty());
}

TEST_F(IdleWatchTest, AnOpenConsoleKeepsItUpWhereItIsToDoSo) {
    keep_for.console = true;
    auto console = attendance.open_console(home.record("castle").uid);
    auto another = attendance.open_console(home.record("castle").uid);
    go_on(1h);
    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(shown().because, wake::Awake::console);

    console.reset();
    go_on(10min);
    EXPECT_EQ(pauses, 0) << "there is another one";
    another.reset();
    go_on(6min);
    EXPECT_EQ(pauses, 1);
}

TEST_F(IdleWatchTest, AnOpenConsoleKeepsNothingUpWhereItIsNotToDoSo) {
    keep_for.files = true;
    const auto console = attendance.open_console(home.record("castle").uid);
    go_on(6min);
    EXPECT_EQ(pauses, 1);
}

TEST_F(IdleWatchTest, ATransferOfFilesKeepsItUpUntilAMinuteAfterItsLastPart) {
    keep_for.files = true;
    for (int i = 0; i < 20; ++i) {
        attendance.use_files(home.record("castle").uid);
        go_on(50s);
    }
    EXPECT_EQ(pauses, 0);
    EXPECT_EQ(shown().because, wake::Awake::files);
    go_on(6min);
    EXPECT_EQ(pauses, 1);
}

}  // namespace
}  // namespace gk::apptest
