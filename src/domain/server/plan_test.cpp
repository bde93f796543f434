#include "domain/server/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/server/disk.hpp"
#include "domain/server/request.hpp"
#include "tests/support/toy_server.hpp"

namespace gk::server {
namespace {

using namespace std::chrono_literals;
using namespace toy;

TEST(Plan, WhicheverPhaseCleansARunUpItsExitIsRemembered) {
    for (const auto phase : {Phase::restoring_files, Phase::deploying, Phase::paused, Phase::stopped, Phase::backing_up, Phase::cleanup}) {
        // A launch of ours, or an end, that a crash kept from being recorded.
        Toy toy(in(phase, phase == Phase::paused ? Wanted::paused : phase == Phase::deploying ? Wanted::running : Wanted::stopped));
        toy.record.world_dirty = false;
        toy.facts.seen.disk = true;
        toy.facts.seen.process = Process::exited;
        toy.facts.seen.exit = Exit{.cause = ExitCause::asked, .signal = {}, .code = 0, .at = start, .log_tail = "bye", .memory_peak = {}};

        while (toy.facts.seen.process == Process::exited) toy.make(success);

        ASSERT_TRUE(toy.record.last_exit) << name_of(phase);
        EXPECT_EQ(*toy.record.last_exit, *toy.facts.seen.exit) << name_of(phase);
    }
}

TEST(Plan, TheEndThatWasMadeOfWhatHadFailedIsNotWhyItFailed) {
    Toy toy(in(Phase::failed, Wanted::running));
    toy.record.last_exit = Exit{.cause = ExitCause::start_timeout, .signal = {}, .code = {}, .at = start, .log_tail = {}, .memory_peak = {}};
    toy.facts.seen.disk = true;
    toy.facts.seen.process = Process::exited;
    toy.facts.seen.exit = Exit{.cause = ExitCause::asked, .signal = 9, .code = 137, .at = start + 1s, .log_tail = {}, .memory_peak = {}};

    ASSERT_EQ(toy.next(), "CleanRun");
    toy.make(success);

    EXPECT_EQ(toy.record.last_exit->cause, ExitCause::start_timeout);
}

TEST(Plan, CrashesPauseLongerEachTimeUntilItIsGivenUp) {
    Toy toy(in(Phase::starting, Wanted::running));
    toy.facts.seen.disk = true;
    std::vector<Milliseconds> pauses;
    while (!toy.record.given_up) {
        toy.record.phase = Phase::starting;
        toy.record.not_before.reset();
        toy.facts.seen.process = Process::exited;
        ASSERT_EQ(toy.next(), "Transition crashed");
        toy.make(success);
        if (!toy.record.not_before) continue;
        pauses.push_back(*toy.record.not_before - toy.now);
        ASSERT_LT(pauses.size(), 20U) << "it is never given up";
        toy.now = *toy.record.not_before + 30s;  // The snapshot of the crashed world and the next start are slow, too.
    }

    EXPECT_EQ(pauses, (std::vector<Milliseconds>{1s, 2s, 4s, 8s, 16s, 32s, 64s, 128s, 256s}));
    EXPECT_EQ(toy.record.phase, Phase::failed);
    EXPECT_EQ(toy.record.reason, "crash_loop");
    EXPECT_EQ(toy.record.crashes.size(), toy.limits.crashes_max);
    toy.run();
    EXPECT_EQ(toy.next(), "nothing");
}

TEST(Plan, OnlyTimeInWhichTheGameWasUpTakesCrashesOutOfTheWindow) {
    constexpr auto pause = 1h;
    const std::vector<std::pair<Milliseconds, std::size_t>> cases{{0s, 9}, {2min, 9}, {5min, 6}, {7min, 4}, {10min, 1}, {30min, 1}};
    for (const auto& [up, counted] : cases) {
        // Given crashes one minute of play apart, then a long pause of ours, then this long a run.
        Toy toy(in(Phase::running, Wanted::running));
        toy.facts.seen.disk = true;
        for (int n = 0; n < 8; ++n) toy.record.crashes.push_back(start + n * 1min);
        toy.record.started_at = toy.record.crashes.back() + pause;
        toy.now = *toy.record.started_at + up;

        toy.make(success);

        EXPECT_EQ(toy.record.crashes.size(), counted) << up.count();
        EXPECT_EQ(toy.record.crashes.back(), toy.now) << "the next try waits from here";
        EXPECT_FALSE(toy.record.given_up);
    }
}

TEST(Plan, ARestoreIsStagedCheckedAndThenSwitched) {
    auto request = ask(Verb::restore);
    request.snapshot = proven(1).id;
    auto toy = asked(Phase::stopping, Wanted::running, request, Process::ready);
    toy.facts.snapshots = {proven(2), proven(1)};

    EXPECT_EQ(toy.run(), (Texts{"ProbeVault", "StopGame", "Transition game_ended", "BeginSnapshot", "TakeSnapshot", "VerifySnapshot", "CleanRun",
                                "Transition restore_begun", "StageDisk", "RestoreToStage", "CommitStaged", "Prepare", "Launch", "Transition ready",
                                "PublishAddress", "Finish"}));

    EXPECT_EQ(toy.record.phase, Phase::running);
    EXPECT_TRUE(toy.record.undo.has_value());
}

TEST(Plan, AStagedWorldThatIsNotWholeNeverBecomesTheLiveOne) {
    Toy toy(in(Phase::restoring_files, Wanted::running));
    toy.facts.snapshots = {proven(1)};
    toy.make(success);
    ASSERT_EQ(toy.next(), "RestoreToStage");

    toy.make(away);

    EXPECT_FALSE(toy.record.staged.has_value());
    toy.now = *toy.record.not_before;
    EXPECT_EQ(toy.next(), "StageDisk");
}

TEST(Plan, AStopDuringAStartEndsItWithoutAskingTheVaultFirst) {
    for (const auto phase : {Phase::requested, Phase::validating, Phase::backup_check, Phase::creating_defaults, Phase::restoring_files,
                             Phase::deploying, Phase::starting, Phase::address_allocation}) {
        auto record = in(phase, Wanted::running);
        record.request = ask(Verb::start, 1);
        record.world_complete = record.world_dirty = phase >= Phase::deploying;
        Toy toy(take_request(record, ask(Verb::stop, 2), start)->record);
        toy.facts.seen.disk = phase >= Phase::deploying;
        toy.facts.seen.process = phase >= Phase::starting ? Process::starting : Process::gone;

        const auto done = toy.run();

        EXPECT_EQ(done.front(), "Cancel") << name_of(phase);
        EXPECT_EQ(std::ranges::count(done, "ProbeVault"), 0) << name_of(phase);
        EXPECT_EQ(std::ranges::count(done, "Launch"), 0) << name_of(phase);
        EXPECT_EQ(toy.record.phase, Phase::stopped) << name_of(phase);
    }
}

TEST(Plan, ADeleteKeepsTheWorldUnlessToldToPurge) {
    for (const bool purge : {false, true}) {
        auto request = ask(Verb::remove);
        request.purge = purge;
        auto toy = asked(Phase::stopping, Wanted::deleted, request, Process::ready);

        const auto done = toy.run();

        EXPECT_EQ(std::ranges::count(done, "PurgeVault"), purge ? 1 : 0);
        EXPECT_EQ(std::ranges::count(done, "KeepWorld"), purge ? 0 : 1);
        EXPECT_EQ((Texts(done.end() - 2, done.end())), (Texts{"Forget", "RemoveRecord"}));
    }
}

TEST(Plan, AStartThatIsGivenUpIsAPauseWhenThatIsWanted) {
    for (const auto wanted : {Wanted::running, Wanted::paused}) {
        Toy toy(in(Phase::failed, wanted));
        toy.record.given_up = true;
        toy.facts.seen.disk = true;

        toy.run();

        EXPECT_EQ(toy.record.phase, wanted == Wanted::paused ? Phase::paused : Phase::failed);
    }
}

TEST(Plan, ADeletedWorldLeavesNoSnapshotUndecided) {
    auto toy = asked(Phase::deleting, Wanted::deleted, ask(Verb::remove), Process::gone);
    vault::Snapshot stray;  // A keeper before us took it and was fenced.
    stray.id = SnapshotId(UuidBits{99});
    stray.engine_id = "engine";
    toy.facts.snapshots.push_back(stray);

    EXPECT_EQ(toy.run().front(), "CloseSnapshot");
}

TEST(Plan, APurgeSavesNothingFirst) {
    for (const auto phase : {Phase::running, Phase::paused, Phase::failed, Phase::backup_failed}) {
        auto request = ask(Verb::remove);
        request.purge = true;
        const bool is_up = phase == Phase::running || phase == Phase::backup_failed;
        auto toy = asked(phase, Wanted::deleted, request, is_up ? Process::ready : Process::gone);
        toy.record.world_dirty = true;

        const auto done = toy.run();

        for (const auto* step : {"ProbeVault", "BeginSnapshot", "TakeSnapshot"})
            EXPECT_EQ(std::ranges::count(done, step), 0) << step << " " << name_of(phase);
        EXPECT_EQ(std::ranges::count(done, "StopGame"), is_up ? 1 : 0) << name_of(phase);
        EXPECT_EQ(done.back(), "RemoveRecord") << name_of(phase);
    }
}

TEST(Plan, FilesOfTheGameThatAreNotHereAreFetchedBeforeTheGameIsPrepared) {
    Toy toy(in(Phase::deploying, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.game_files = false;
    ASSERT_EQ(toy.next(), "FetchFiles");

    toy.make({.failure = {}, .under_way = true});
    EXPECT_EQ(toy.next(), "wait") << "it goes on by itself";
    toy.now += 1s;
    EXPECT_EQ(toy.next(), "FetchFiles");
    EXPECT_EQ(toy.record.attempts, 0u);
    toy.make(away);
    EXPECT_EQ(toy.next(), "wait") << "a server that is away is asked again, later";
    toy.now += 1s;
    toy.make(failure(Failure::Kind::invalid));
    EXPECT_EQ(toy.record.phase, Phase::failed) << "a file that is another one stays another one";
    EXPECT_TRUE(toy.record.given_up);
    EXPECT_EQ(toy.record.reason, "why");
}

TEST(Plan, AServerThatWasPausedForItsFullDiskSaysSoUntilItHasNone) {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen = {.disk = true, .staged = false, .process = Process::ready, .exit = {}, .started_at = {}, .quiesced = false};
    note_disk(toy.record, DiskLevel::full);

    toy.record = take_request(toy.record, ask(Verb::pause), toy.now)->record;
    toy.run();
    EXPECT_EQ(toy.record.phase, Phase::paused);
    EXPECT_EQ(toy.record.reason, "disk_full");

    toy.record = take_request(toy.record, ask(Verb::stop, 2), toy.now)->record;
    toy.run();
    EXPECT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_EQ(toy.record.reason, "");
}

TEST(Plan, PlayersAreToldWhereTheGameWasFound) {
    auto toy = asked(Phase::address_allocation, Wanted::running, ask(Verb::start), Process::ready);
    Outcome found;
    found.host = "192.0.2.7";

    toy.make(found);

    EXPECT_EQ(toy.record.phase, Phase::running);
    EXPECT_EQ(host_of(toy.record), "192.0.2.7");
    toy.record.exposure = Exposure{.address = "castle.example.org"};
    EXPECT_EQ(host_of(toy.record), "castle.example.org") << "people know better";
}

Exposure exposed(Exposure::Kind kind) { return {.kind = kind, .address = {}, .dns_label = {}, .static_address = {}}; }

Outcome opened_at(std::uint16_t port, std::string host) {
    Outcome out;
    out.ports = {{.role = "game", .protocol = Protocol::udp, .open = Port{port}, .bound = Port{port}}};
    out.host = std::move(host);
    return out;
}

TEST(Plan, AnotherExposureReachesAGameThatRunsUnlessItIsPartOfItsPod) {
    Toy toy(in(Phase::running, Wanted::running));
    toy.facts.seen.disk = true;
    toy.facts.seen.process = Process::ready;
    toy.record.host = "192.0.2.1";
    ASSERT_EQ(toy.next(), "nothing");

    toy.record.exposure = exposed(Exposure::Kind::host_port);
    EXPECT_EQ(toy.next(), "nothing") << "it waits for the next start";

    toy.record.exposure = exposed(Exposure::Kind::load_balancer);
    ASSERT_EQ(toy.next(), "OpenPorts");
    toy.make(Outcome{.failure = Failure{.kind = Failure::Kind::exhausted, .problem = {"no_port", "none is left"}}});
    EXPECT_EQ(toy.record.reason, "ports_not_opened");
    EXPECT_EQ(toy.record.message, "none is left");
    EXPECT_EQ(toy.record.phase, Phase::running);
    toy.now = *toy.record.not_before;
    toy.make(opened_at(31000, "192.0.2.9"));

    EXPECT_EQ(toy.record.applied_exposure, toy.record.exposure);
    EXPECT_EQ(toy.record.ports.front().open, Port{31000});
    EXPECT_EQ(toy.record.host, "192.0.2.9");
    EXPECT_EQ(toy.record.reason, "");
    EXPECT_EQ(toy.next(), "nothing");

    toy.record.exposure = exposed(Exposure::Kind::edge);
    ASSERT_EQ(toy.next(), "OpenPorts");
    EXPECT_FALSE(toy.record.behind_edge);
    toy.make(opened_at(26000, "192.0.2.9"));
    EXPECT_TRUE(toy.record.behind_edge) << "edges stand before it as soon as its ports are theirs";
}

TEST(Plan, AnAddressThatDoesNotComeIsSaidAndCanBeGivenUp) {
    auto toy = asked(Phase::address_allocation, Wanted::running, ask(Verb::start), Process::ready);
    toy.record.exposure = toy.record.applied_exposure = exposed(Exposure::Kind::load_balancer);
    ASSERT_EQ(toy.next(), "PublishAddress");
    toy.make(Outcome{.failure = Failure{.kind = Failure::Kind::unavailable, .problem = {"runtime_unavailable", "the cloud has given none"}}});
    EXPECT_EQ(toy.record.reason, "no_address");
    EXPECT_EQ(toy.record.message, "the cloud has given none");

    toy.record.exposure = exposed(Exposure::Kind::node_port);
    toy.now = *toy.record.not_before;
    ASSERT_EQ(toy.next(), "OpenPorts");
    toy.make(opened_at(30000, ""));
    ASSERT_EQ(toy.next(), "PublishAddress");
    toy.make(opened_at(0, "192.0.2.1"));

    EXPECT_EQ(toy.record.phase, Phase::running);
    EXPECT_EQ(toy.record.reason, "");
}

// A game that is ready, until its address has not come for too long.
void wait_for_an_address_in_vain(Toy& toy) {
    toy.record.phase = Phase::address_allocation;
    toy.record.phase_since = toy.now;
    toy.record.started_at = toy.now;
    toy.record.not_before.reset();
    toy.facts.seen.process = Process::ready;
    for (int tries = 0; toy.record.phase == Phase::address_allocation && tries < 100; ++tries) {
        ASSERT_EQ(toy.next(), "PublishAddress") << tries;
        toy.make(Outcome{.failure = Failure{.kind = Failure::Kind::unavailable, .problem = {"runtime_unavailable", "the cloud has given none"}}});
        if (toy.record.phase == Phase::address_allocation) toy.now = *toy.record.not_before;
    }
}

Toy without_address(Wanted wanted, Verb verb) {
    auto toy = asked(Phase::address_allocation, wanted, ask(verb), Process::ready);
    const auto since = toy.now;
    wait_for_an_address_in_vain(toy);
    EXPECT_EQ(toy.now, since + toy.limits.address_timeout) << "not earlier, and no back-off makes it later";
    return toy;
}

TEST(Plan, AStartWhoseAddressNeverComesHasFailedAndIsTriedAgain) {
    auto toy = without_address(Wanted::running, Verb::start);

    EXPECT_EQ(toy.record.phase, Phase::failed);
    EXPECT_EQ(toy.record.reason, "no_address");
    EXPECT_EQ(toy.record.message, "players got no address within 5m: the cloud has given none");
    EXPECT_FALSE(toy.record.started_at);
    EXPECT_EQ(toy.next(), "Finish") << "who asked for the start is told now";
    EXPECT_EQ(toy.record.request->failed->code, "no_address");
    toy.make(success);

    ASSERT_EQ(toy.next(), "Kill") << "nothing is left of it but the world";
    toy.facts.seen.process = Process::gone;
    EXPECT_EQ(toy.next(), "wait") << "its back-off goes on";
    toy.now = *toy.record.not_before;
    EXPECT_EQ(toy.next(), "Transition save_due");
}

TEST(Plan, AnAddressThatNeverComesIsGivenUpAsAnythingElseThatNeverWorks) {
    auto toy = without_address(Wanted::running, Verb::start);
    toy.record.request.reset();
    for (std::size_t tries = 1; tries < toy.limits.crashes_max; ++tries) {
        ASSERT_FALSE(toy.record.given_up);
        ASSERT_EQ(toy.record.crashes.size(), tries) << "the time without an address is no time of play";
        wait_for_an_address_in_vain(toy);
    }
    EXPECT_TRUE(toy.record.given_up);
    EXPECT_EQ(toy.record.phase, Phase::failed);
}

TEST(Plan, APauseNeedsNoAddress) {
    auto toy = without_address(Wanted::paused, Verb::pause);

    EXPECT_EQ(toy.record.phase, Phase::failed);
    EXPECT_FALSE(toy.record.request->failed) << "the world comes to rest all the same";
}

TEST(Plan, AnotherExposureReachesAServerAtRestAndOneThatStarts) {
    for (const auto phase : {Phase::paused, Phase::stopped, Phase::deploying}) {
        const auto wanted = phase == Phase::paused ? Wanted::paused : phase == Phase::stopped ? Wanted::stopped : Wanted::running;
        Toy toy(in(phase, wanted));
        toy.facts.seen.disk = phase != Phase::stopped;
        toy.record.exposure = exposed(Exposure::Kind::host_port);
        toy.record.host = "192.0.2.1";

        ASSERT_EQ(toy.next(), "OpenPorts") << name_of(phase);
        toy.make(opened_at(7000, ""));

        EXPECT_EQ(toy.record.phase, phase);
        EXPECT_EQ(toy.record.ports.front().bound, Port{7000}) << name_of(phase);
        EXPECT_EQ(toy.record.host, "192.0.2.1") << "where it runs next is not known yet";
        EXPECT_EQ(toy.next(), phase == Phase::deploying ? "Prepare" : "nothing");
    }
}

TEST(Plan, SettingsThatChangeAfterThePreparationArePreparedAgain) {
    Toy toy(in(Phase::deploying, Wanted::running));
    toy.facts.seen.disk = true;
    toy.make(success);
    ASSERT_EQ(toy.next(), "Launch");

    toy.record.settings["motd"] = Value("hello");

    EXPECT_EQ(toy.next(), "Prepare");
    toy.make(success);
    EXPECT_EQ(toy.next(), "Launch");
}

// Every phase with everything that may be wanted, seen and remembered in it, also what should not happen.
std::vector<Toy> everything() {
    std::vector<Toy> all;
    for (std::size_t i = 0; i < phase_names.size() * wanted_names.size() * 5 * 16 * progress_names.size(); ++i) {
        auto rest = i;
        const auto digit = [&rest](std::size_t base) { return std::exchange(rest, rest / base) % base; };
        const auto phase = static_cast<Phase>(digit(phase_names.size()));
        Toy toy(in(phase, static_cast<Wanted>(digit(wanted_names.size()))));
        // Only the end of a delete leads into its last phase, and no pause leads to where the disk is given up.
        if (phase == Phase::deleting) toy.record.wanted = Wanted::deleted;
        if ((phase == Phase::cleanup || phase == Phase::stopped) && toy.record.wanted == Wanted::paused) continue;
        toy.facts.seen.process = static_cast<Process>(digit(5));
        toy.facts.seen.disk = digit(2) == 1;
        toy.facts.seen.disk_tied = digit(2) == 1;
        if (toy.facts.seen.disk_tied && (!toy.facts.seen.disk || toy.record.wanted != Wanted::running)) continue;
        if (toy.facts.seen.disk_tied) toy.facts.seen.leave = Problem{"node_cordoned", "its node is to be emptied"};
        toy.record.world_complete = digit(2) == 1;
        toy.record.world_dirty = toy.record.world_complete && digit(2) == 1;
        toy.record.progress = static_cast<Progress>(digit(progress_names.size()));
        all.push_back(std::move(toy));
    }
    return all;
}

TEST(Plan, ComesToRestFromEverywhereAndThenPlansNothing) {
    static constexpr std::size_t steps_max = 60;
    for (auto& toy : everything()) {
        const auto first = toy.record;
        const auto seen = toy.facts.seen;
        const auto done = toy.run(steps_max);
        const auto where = testing::Message() << name_of(first.phase) << " wanted " << name_of(first.wanted) << " process "
                                              << static_cast<int>(seen.process) << " disk " << seen.disk << " complete " << first.world_complete
                                              << " dirty " << first.world_dirty << " progress " << name_of(first.progress) << ", now "
                                              << name_of(toy.record.phase);
        ASSERT_LT(done.size(), steps_max) << where;
        if (first.wanted == Wanted::deleted) {
            ASSERT_EQ(done.back(), "RemoveRecord") << where;
            continue;
        }
        // Of a world that was lost and that no backup holds, nothing is made.
        const bool is_stuck = toy.record.world_lost && toy.record.phase == Phase::failed;
        if (!is_stuck) ASSERT_EQ(name_of(toy.record.phase), name_of(first.wanted)) << where;
        toy.now += std::chrono::hours(24);
        ASSERT_EQ(toy.next(), "nothing") << where;
    }
}

}  // namespace
}  // namespace gk::server
