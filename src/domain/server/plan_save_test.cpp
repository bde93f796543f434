#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "domain/server/plan.hpp"
#include "domain/server/request.hpp"
#include "tests/support/toy_server.hpp"

namespace gk::server {
namespace {

using namespace std::chrono_literals;
using namespace toy;

TEST(PlanSave, APauseSavesTheRunningGameThenEndsItThenSavesItAtRest) {
    auto toy = asked(Phase::pausing, Wanted::paused, ask(Verb::pause), Process::ready);

    EXPECT_EQ(toy.run(), (Texts{"ProbeVault", "BeginSnapshot", "TakeSnapshot", "VerifySnapshot", "StopGame", "Transition game_ended", "BeginSnapshot",
                                "TakeSnapshot", "VerifySnapshot", "CleanRun", "Transition at_rest", "Finish"}));

    EXPECT_EQ(toy.record.phase, Phase::paused);
    EXPECT_TRUE(toy.facts.seen.disk);
    EXPECT_FALSE(toy.record.world_dirty);
}

TEST(PlanSave, AStopFreesTheDiskOnlyAfterTheProofAtRest) {
    auto toy = asked(Phase::stopping, Wanted::stopped, ask(Verb::stop), Process::ready);

    const auto done = toy.run();

    const auto proof = std::ranges::find(done.rbegin(), done.rend(), "VerifySnapshot");
    const auto freed = std::ranges::find(done.rbegin(), done.rend(), "FreeDisk");
    EXPECT_LT(freed, proof);
    EXPECT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_FALSE(toy.facts.seen.disk);
}

TEST(PlanSave, AVaultThatRefusesKeepsTheGameUp) {
    for (const auto verb : {Verb::pause, Verb::stop}) {
        auto toy = asked(verb == Verb::pause ? Phase::pausing : Phase::stopping, verb == Verb::pause ? Wanted::paused : Wanted::stopped, ask(verb),
                         Process::ready);

        toy.make(away);

        EXPECT_EQ(toy.record.phase, Phase::backup_failed);
        EXPECT_EQ(toy.record.wanted, Wanted::running);
        EXPECT_EQ(toy.facts.seen.process, Process::ready);
        EXPECT_EQ(toy.next(), "Notify");
        toy.run();
        EXPECT_EQ(toy.record.phase, Phase::running) << "it goes on once the vault answers again";
    }
}

Request fall_asleep() {
    auto request = ask(Verb::pause);
    request.cause.kind = Cause::Kind::idle;
    return request;
}

TEST(PlanSave, AWorldThatFallsAsleepStaysUpForPlayersUntilItsEndHasBegun) {
    for (const auto progress : {Progress::none, Progress::probed, Progress::saved}) {
        auto toy = asked(Phase::pausing, Wanted::paused, fall_asleep(), Process::ready);
        toy.record.progress = progress;
        toy.record.quiesced = progress == Progress::probed;
        toy.facts.seen.players = 1;

        toy.make(success);

        EXPECT_EQ(toy.record.phase, Phase::running) << name_of(progress);
        EXPECT_EQ(toy.record.wanted, Wanted::running);
        EXPECT_EQ(toy.record.reason, "") << "nothing is wrong with it";
        ASSERT_TRUE(toy.record.request && toy.record.request->failed);
        EXPECT_EQ(toy.record.request->failed->code, "players_came");
        toy.run();
        EXPECT_FALSE(toy.record.request.has_value());
        EXPECT_FALSE(toy.record.quiesced) << "saving was switched on again";
        EXPECT_EQ(toy.record.phase, Phase::running);
    }
}

TEST(PlanSave, OnlyASleepIsPutOffForPlayers) {
    auto asked_by_person = asked(Phase::pausing, Wanted::paused, ask(Verb::pause), Process::ready);
    asked_by_person.facts.seen.players = 1;
    auto nobody_there = asked(Phase::pausing, Wanted::paused, fall_asleep(), Process::ready);
    nobody_there.facts.seen.players = 0;
    auto too_late = asked(Phase::pausing, Wanted::paused, fall_asleep(), Process::stopping);
    too_late.record.progress = Progress::stopping;
    too_late.facts.seen.players = 1;
    for (auto* toy : {&asked_by_person, &nobody_there, &too_late}) {
        toy->run();
        EXPECT_EQ(toy->record.phase, Phase::paused);
    }
}

TEST(PlanSave, AFailedSnapshotAtRestKeepsTheDiskAndIsTriedAgain) {
    auto toy = asked(Phase::backing_up, Wanted::stopped, ask(Verb::stop), Process::gone);
    toy.make(success);
    ASSERT_EQ(toy.next(), "TakeSnapshot");

    toy.make(away);

    EXPECT_EQ(toy.record.phase, Phase::backup_failed);
    EXPECT_EQ(toy.record.wanted, Wanted::stopped);
    EXPECT_EQ(toy.next(), "Notify");
    toy.make(success);
    EXPECT_EQ(toy.next(), "wait");
    EXPECT_TRUE(toy.facts.seen.disk);
    toy.run();
    EXPECT_EQ(toy.record.phase, Phase::stopped);
}

// Simulator, seed 396: the snapshot that waited for its proof was proven after all, and the disk that the game had written to since was freed.
TEST(PlanSave, AGameThatRanAfterASnapshotWasTakenMakesItWorthless) {
    auto toy = asked(Phase::backing_up, Wanted::stopped, ask(Verb::stop), Process::gone);
    toy.record.world_dirty = true;
    toy.make(success);
    toy.make(success);
    ASSERT_EQ(toy.next(), "VerifySnapshot");
    const auto taken = toy.record.saving->id;
    toy.make(away);
    ASSERT_EQ(toy.record.phase, Phase::backup_failed);
    toy.make(success);
    toy.facts.seen.process = Process::ready;

    toy.run();

    EXPECT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_NE(toy.record.last_snapshot, taken);
}

TEST(PlanSave, ADiskWithoutAProvenSnapshotIsNotFreed) {
    for (const bool dirty : {true, false}) {
        Toy toy(in(Phase::cleanup, Wanted::stopped));
        toy.facts.seen.disk = true;
        toy.record.world_dirty = dirty;
        if (dirty) toy.facts.snapshots = {proven(1)};  // Of an older state than the disk's.

        EXPECT_EQ(toy.next(), "Transition unproven");
    }
}

TEST(PlanSave, ForceGoesOnWithoutTheVault) {
    auto request = ask(Verb::stop);
    request.force = true;
    auto toy = asked(Phase::stopping, Wanted::stopped, request, Process::ready);
    ASSERT_EQ(toy.next(), "StopGame");
    toy.make(success);
    toy.make(success);  // Transition game_ended.
    toy.make(success);  // BeginSnapshot: what can be saved still is.
    ASSERT_EQ(toy.next(), "TakeSnapshot");

    toy.make(away);
    toy.run();

    EXPECT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_FALSE(toy.facts.seen.disk);
}

}  // namespace
}  // namespace gk::server
