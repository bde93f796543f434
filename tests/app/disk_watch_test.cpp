#include "app/watch/disk_watch.hpp"

#include <gtest/gtest.h>

#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

using server::DiskLevel;

class DiskWatchTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_TRUE(home.create({.id = "castle", .game = "teeworlds"}));
        home.bring_up("castle");
        fill(10);
    }
    void fill(std::int64_t percent) {
        home.runtime.use = server::Usage{};
        home.runtime.use->disk.count = percent;
        home.runtime.use->disk_size = MebiBytes{100};
    }
    // As the control plane does it.
    Task<void> pause(server::Record record) {
        const app::Idempotency once;
        const app::VerbOrder order{.verb = server::Verb::pause};
        const app::Caller caller{.name = "disk watch"};
        const auto accepted = co_await home.servers.ask(caller, record.space, record.id, order, once);
        EXPECT_TRUE(accepted);
        ++pauses;
    }
    server::Record look() {
        home.wait(watch.round());
        return home.record("castle");
    }
    std::vector<std::string> told() {
        std::vector<std::string> levels;
        for (const auto& event : *home.wait(home.ledger.events_after(0, 100))) {
            if (event.type == "server.disk") levels.emplace_back(*event.data.find("level")->as_string());
        }
        return levels;
    }

    Household home;
    int pauses = 0;
    app::DiskWatch watch{{.store = home.store, .ledger = home.ledger, .runtime = home.runtime, .clock = home.clock},
                         [this](server::Record record) { return pause(std::move(record)); },
                         Milliseconds(1000)};
};

TEST_F(DiskWatchTest, ADiskThatFillsUpIsToldOnceAndTheGameGoesOn) {
    EXPECT_EQ(look().reason, "");
    fill(90);
    EXPECT_EQ(look().reason, "disk_low");
    const auto version = home.record("castle").version;
    EXPECT_EQ(look().version, version) << "a round that finds nothing new writes nothing";

    fill(50);
    const auto record = look();

    EXPECT_EQ(record.reason, "");
    EXPECT_EQ(record.wanted, server::Wanted::running);
    EXPECT_EQ(told(), (std::vector<std::string>{"low", "fine"}));
    EXPECT_EQ(pauses, 0);
}

TEST_F(DiskWatchTest, AFullDiskPausesTheGameByAnOperation) {
    fill(100);
    EXPECT_EQ(look().wanted, server::Wanted::running);

    const auto record = look();

    EXPECT_EQ(record.disk_level, DiskLevel::full);
    EXPECT_EQ(record.reason, "disk_full");
    EXPECT_EQ(record.wanted, server::Wanted::paused);
    ASSERT_TRUE(record.request.has_value());
    const auto operation = home.wait(home.ledger.operation(record.request->operation));
    EXPECT_EQ(operation->cause, "disk watch");
    look();
    EXPECT_EQ(pauses, 1) << "asked once";
    EXPECT_EQ(told(), std::vector<std::string>{"full"});
}

TEST_F(DiskWatchTest, AServerThatIsStartedWhileItsDiskIsStillFullIsPausedAgain) {
    fill(100);
    look();
    look();
    home.bring_up("castle");

    EXPECT_EQ(look().wanted, server::Wanted::paused);
    EXPECT_EQ(pauses, 2);
    EXPECT_EQ(told(), std::vector<std::string>{"full"}) << "nothing has changed that was not told";
}

TEST_F(DiskWatchTest, WhatCannotBeMeasuredChangesNothing) {
    fill(90);
    look();
    home.runtime.use.reset();

    EXPECT_EQ(look().reason, "disk_low");
}

TEST_F(DiskWatchTest, APausedServerIsWatchedAndOneThatStopsIsNot) {
    for (const auto phase : {server::Phase::paused, server::Phase::stopped, server::Phase::backing_up, server::Phase::starting}) {
        auto record = home.record("castle");
        record.phase = phase;
        record.disk_level = DiskLevel::fine;
        ASSERT_TRUE(home.wait(home.store.replace(record)));
        fill(90);
        EXPECT_EQ(look().disk_level, phase == server::Phase::paused ? DiskLevel::low : DiskLevel::fine) << name_of(phase);
    }
    EXPECT_EQ(pauses, 0);
}

}  // namespace
}  // namespace gk::apptest
