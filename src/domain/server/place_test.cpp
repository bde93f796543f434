#include "domain/server/place.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/toy_server.hpp"

namespace gk::server {
namespace {

using namespace std::chrono_literals;
using namespace toy;

const Problem unreachable{"node_unreachable", "node n1 does not answer"};
const Problem full{"unschedulable", "no node takes the pod: 0/2 nodes are available"};
const Problem cordoned{"node_cordoned", "node n1 is to be emptied"};
const Problem deleted{"claim_lost", "the claim gs-castle-0 is gone"};

TEST(Place, NothingIsDoneForAWorldThatNobodyCanSee) {
    for (std::size_t i = 0; i < phase_names.size(); ++i) {
        for (const auto wanted : {Wanted::running, Wanted::paused, Wanted::stopped, Wanted::deleted}) {
            Toy toy(in(static_cast<Phase>(i), wanted));
            toy.facts.snapshots = {proven(1)};
            toy.facts.seen.process = Process::unknown;
            toy.facts.seen.obstacle = unreachable;

            EXPECT_EQ(toy.run(), Texts{"NotePlace"}) << name_of(toy.record.phase);
            EXPECT_EQ(toy.record.phase, static_cast<Phase>(i));
            EXPECT_EQ(toy.record.reason, "node_unreachable");
            EXPECT_EQ(toy.next(), "nothing");
        }
    }
}

TEST(Place, AnObstacleIsTheReasonWhileItIsThereAndNoLonger) {
    struct Row {
        Phase phase;
        Wanted wanted;
        Process process;
        Problem obstacle;
        bool is_shown;
    };
    const std::vector<Row> rows = {
        {Phase::deploying, Wanted::running, Process::gone, full, true},
        {Phase::running, Wanted::running, Process::ready, unreachable, true},  // Its kubelet is silent, its shim is not.
        {Phase::paused, Wanted::paused, Process::gone, full, false},           // A pod for its files: nobody waits for the game.
        {Phase::stopped, Wanted::stopped, Process::gone, full, false},
        {Phase::paused, Wanted::paused, Process::unknown, unreachable, true},
    };
    for (const auto& row : rows) {
        Toy toy(in(row.phase, row.wanted));
        toy.facts.seen.disk = row.phase != Phase::stopped;
        toy.record.world_complete = toy.facts.seen.disk;
        toy.facts.seen.process = row.process;
        toy.facts.seen.obstacle = row.obstacle;
        if (toy.next() == "NotePlace") toy.make(success);
        EXPECT_EQ(toy.record.reason, row.is_shown ? row.obstacle.code : "") << row.obstacle.code << " " << name_of(row.phase);

        toy.facts.seen.obstacle.reset();
        toy.facts.seen.process = row.process == Process::unknown ? Process::gone : row.process;
        if (toy.next() == "NotePlace") toy.make(success);
        EXPECT_EQ(toy.record.reason + toy.record.message, "") << row.obstacle.code;
    }
}

TEST(Place, AStartWaitsForItsPlaceWithoutFailingAndGoesOnAsSoonAsThereIsOne) {
    Toy toy(in(Phase::deploying, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.seen.obstacle = full;
    toy.make(success);
    ASSERT_EQ(toy.next(), "Prepare");
    for (std::uint32_t tries = 0; tries < 3 * toy.limits.attempts_max; ++tries) {
        if (toy.record.not_before) toy.now = *toy.record.not_before;
        toy.make(away);
        ASSERT_EQ(toy.record.phase, Phase::deploying);
        ASSERT_EQ(toy.record.reason, "unschedulable");
    }
    ASSERT_EQ(toy.next(), "wait");

    toy.facts.seen.obstacle.reset();

    EXPECT_EQ(toy.run(), (Texts{"NotePlace", "Prepare", "Launch", "Transition ready", "PublishAddress"}));
    EXPECT_EQ(toy.record.reason, "");
}

TEST(Place, AGameThatWentWithItsNodeSaysSo) {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.seen.obstacle = Problem{"node_dead", "node n1 is dead"};
    toy.make(success);

    ASSERT_EQ(toy.next(), "Transition crashed");
    toy.make(success);

    EXPECT_EQ(toy.record.phase, Phase::failed);
    EXPECT_EQ(toy.record.reason, "node_dead");
    EXPECT_EQ(toy.record.last_exit->cause, ExitCause::lost);
}

TEST(Place, AWorldWhoseDiskCanFollowIsSavedAndStartedElsewhere) {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.seen.process = Process::ready;
    toy.facts.seen.leave = cordoned;
    toy.make(success);
    EXPECT_EQ(toy.record.phase, Phase::stopping);
    EXPECT_EQ(toy.record.reason, "node_cordoned");
    for (const auto* step : {"ProbeVault", "StopGame", "Transition game_ended", "BeginSnapshot", "TakeSnapshot", "VerifySnapshot", "CleanRun"}) {
        ASSERT_EQ(toy.next(), step);
        toy.make(success);
    }
    EXPECT_EQ(toy.facts.snapshots.front().status, vault::SnapshotStatus::complete);

    EXPECT_EQ(toy.run(), (Texts{"Transition start_over", "Prepare", "Launch", "Transition ready", "PublishAddress"}));
    EXPECT_EQ(toy.record.reason, "");
}

Toy played() {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.seen.process = Process::ready;
    toy.facts.seen.leave = cordoned;
    toy.facts.notice = 60s;
    return toy;
}

TEST(Place, WhoeverPlaysIsToldBeforeAWorldMoves) {
    for (const auto& players : {std::optional(3), std::optional<int>()}) {
        auto toy = played();
        toy.facts.seen.players = players;
        ASSERT_EQ(toy.next(), "TellPlayers");

        toy.facts.told_at = toy.now;
        ASSERT_EQ(toy.next(), "wait");
        toy.now += 59s;
        ASSERT_EQ(toy.next(), "wait");
        toy.now += 1s;

        EXPECT_EQ(toy.next(), "Transition move_asked");
    }
}

TEST(Place, WhereNobodyPlaysAWorldMovesAtOnce) {
    auto toy = played();
    toy.facts.seen.players = 0;
    EXPECT_EQ(toy.next(), "Transition move_asked");

    toy.facts.seen.players = 1;
    toy.facts.told_at = toy.now;
    ASSERT_EQ(toy.next(), "wait");
    toy.facts.seen.players = 0;
    EXPECT_EQ(toy.next(), "Transition move_asked") << "the last one has left";
}

TEST(Place, TellingPlayersChangesNothingOfTheRecord) {
    for (const auto& outcome : {success, away}) {
        auto toy = played();
        const auto before = toy.record;
        toy.make(outcome);
        toy.record.updated_at = before.updated_at;
        EXPECT_EQ(toy.record, before);
    }
}

TEST(Place, PlayersAreToldThatTheWorldStaysAfterAll) {
    auto toy = played();
    toy.facts.told_at = toy.now;
    toy.facts.seen.leave.reset();

    EXPECT_EQ(toy.next(), "TellPlayers");
    toy.facts.told_at.reset();
    EXPECT_EQ(toy.next(), "nothing");
}

// Until the new disk is made, nothing but the vault has the world twice.
Toy tied(Phase phase, Wanted wanted) {
    Toy toy(in(phase, wanted));
    toy.facts.seen.disk = true;
    toy.facts.seen.disk_tied = true;
    toy.make(success);
    return toy;
}

TEST(Place, AWorldWhoseDiskStaysBehindGoesByTheVault) {
    auto toy = tied(Phase::running, Wanted::running);
    toy.facts.seen.process = Process::ready;
    toy.facts.seen.leave = cordoned;
    while (toy.record.phase != Phase::restoring_files) toy.make(success);
    EXPECT_FALSE(toy.record.world_dirty);
    EXPECT_EQ(toy.record.saving, std::nullopt);
    for (const auto* step : {"StageDisk", "RestoreToStage", "CommitStaged"}) {
        ASSERT_EQ(toy.next(), step);
        toy.make(success);
    }

    EXPECT_EQ(toy.run(), (Texts{"NotePlace", "Prepare", "Launch", "Transition ready", "PublishAddress"}));
    EXPECT_EQ(toy.record.phase, Phase::running);
}

TEST(Place, AWorldThatCannotBeSavedStaysWhereItIs) {
    auto toy = tied(Phase::backing_up, Wanted::running);
    toy.facts.snapshots = {proven(1)};
    for (int tries = 0; tries < 20; ++tries) {
        if (toy.record.not_before) toy.now = *toy.record.not_before;
        const auto step = toy.next();
        if (step == "Notify") {
            toy.make(success);
            continue;
        }
        ASSERT_TRUE(step == "BeginSnapshot" || step == "TakeSnapshot") << step;
        toy.make(step == "BeginSnapshot" ? success : away);
        ASSERT_EQ(toy.record.phase, Phase::backing_up);
    }
    EXPECT_TRUE(toy.record.world_dirty);

    toy.facts.seen.disk_tied = false;  // The cordon has ended.
    toy.make(success);

    EXPECT_FALSE(toy.record.disk_tied);
    toy.make(away);
    EXPECT_EQ(toy.next(), "CloseSnapshot") << "now it may go on without";
}

TEST(Place, APausedWorldIsBroughtBackElsewhereWithItsNextStart) {
    auto toy = tied(Phase::paused, Wanted::paused);
    toy.record.world_dirty = false;
    toy.facts.snapshots = {proven(1)};
    ASSERT_EQ(toy.next(), "nothing") << "until then it stays";

    toy.record.wanted = Wanted::running;
    ASSERT_EQ(toy.next(), "Transition move_asked");
    while (toy.next() != "CommitStaged") toy.make(success);
    toy.make(success);

    EXPECT_EQ(toy.facts.snapshots.size(), 1U) << "it was proven already";
    EXPECT_EQ(toy.run().back(), "PublishAddress");
}

TEST(Place, ALostDiskIsSaidWithWhatIsLostAndTheNewestProvenBackupTakesItsPlace) {
    for (const auto phase : {Phase::deploying, Phase::backing_up, Phase::failed, Phase::paused}) {
        Toy toy(in(phase, Wanted::running));
        toy.facts.snapshots = {proven(2), proven(1)};
        toy.facts.snapshots.front().created_at = start;
        toy.facts.seen.disk_lost = deleted;
        toy.facts.seen.obstacle = full;  // Of the pod that would have used the disk.
        toy.make(success);

        ASSERT_EQ(toy.next(), "NoteLoss") << name_of(phase);
        toy.make(success);
        EXPECT_EQ(toy.record.reason, "disk_lost");
        EXPECT_EQ(toy.record.message,
                  "the claim gs-castle-0 is gone; the newest proven backup, of 2027-01-15T08:00:00.000Z, takes its place; what was "
                  "written after it is lost");
        EXPECT_EQ(toy.next(), "Notify");
        toy.make(success);

        toy.facts.seen.obstacle.reset();
        while (toy.next() != "RestoreToStage") toy.make(success);
        EXPECT_EQ(std::get<RestoreToStage>(*toy.look().step).snapshot.id, proven(2).id);
        EXPECT_EQ(toy.run().back(), "PublishAddress");
        EXPECT_FALSE(toy.record.world_lost);
    }
}

TEST(Place, ALostWorldThatNoBackupHasIsNotReplacedByANewOneUnasked) {
    Toy toy(in(Phase::deploying, Wanted::running));
    toy.facts.seen.disk_lost = deleted;
    while (toy.record.phase != Phase::failed) toy.make(success);

    EXPECT_EQ(toy.record.reason, "world_lost");
    EXPECT_TRUE(toy.record.given_up);
    EXPECT_EQ(toy.run(), Texts{"Notify"});
    EXPECT_FALSE(toy.facts.seen.disk);

    toy.record.wanted = Wanted::stopped;
    toy.run();
    ASSERT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_FALSE(toy.record.world_lost) << "to stop it and start it again is to ask";
}

TEST(Place, ADiskThatIsDeletedUnderItsGameIsSaidAtOnce) {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen.process = Process::ready;
    toy.facts.seen.disk_lost = deleted;

    EXPECT_EQ(toy.run(), Texts{"NotePlace"});

    EXPECT_EQ(toy.record.reason, "claim_lost");
    EXPECT_EQ(toy.record.phase, Phase::running);
}

}  // namespace
}  // namespace gk::server
