#include "domain/server/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/server/disk.hpp"
#include "domain/server/request.hpp"

namespace gk::server {
namespace {

using namespace std::chrono_literals;
using Process = Observation::Process;
using Texts = std::vector<std::string>;

constexpr Time start{Milliseconds(1'800'000'000'000)};
const Outcome success{};

Outcome failure(Failure::Kind kind) { return {.failure = Failure{.kind = kind, .problem = {"why", "for a reason"}}}; }
const Outcome away = failure(Failure::Kind::unavailable);

Record in(Phase phase, Wanted wanted) {
    Record record;
    record.id = "castle";
    record.phase = phase;
    record.wanted = wanted;
    record.phase_since = record.progress_since = start;
    record.world_complete = record.world_dirty = true;
    return record;
}

Request ask(Verb verb, std::uint8_t number = 1) {
    Request request;
    request.operation = OperationId(UuidBits{number});
    request.verb = verb;
    request.asked_at = start;
    return request;
}

vault::Snapshot proven(std::uint8_t number) {
    vault::Snapshot snapshot;
    snapshot.id = SnapshotId(UuidBits{number});
    snapshot.status = vault::SnapshotStatus::complete;
    snapshot.engine_id = "engine";
    snapshot.sequence = number;
    return snapshot;
}

// A machine and a vault on which every step works, unless the test says otherwise. Games are ready at once and end when they are asked to.
class Toy {
public:
    explicit Toy(Record first) : record(std::move(first)) {
        facts.start_timeout = 1min;
        facts.stop_timeout = 30s;
    }

    Plan look() {
        facts.spare_id = SnapshotId(UuidBits{++spares_});
        return plan(record, facts, limits, now);
    }
    std::string next() {
        const auto planned = look();
        return planned.step ? text_of(*planned.step) : planned.wake_at ? "wait" : "nothing";
    }
    // One step with this outcome; its effect takes place when it succeeds.
    void make(const Outcome& outcome) {
        const auto planned = look();
        ASSERT_TRUE(planned.step.has_value()) << name_of(record.phase);
        if (!outcome.failure) take_effect(*planned.step);
        record = apply(std::move(record), *planned.step, outcome, limits, now);
    }
    // Everything succeeds until the server rests. What was done, without what only keeps books.
    Texts run(std::size_t most = 60) {
        Texts done;
        for (;;) {
            const auto planned = look();
            if (!planned.step && (!planned.wake_at || *planned.wake_at <= now)) return done;
            if (!planned.step) {
                now = *planned.wake_at;
                continue;
            }
            if (std::holds_alternative<RemoveRecord>(*planned.step)) return done.push_back("RemoveRecord"), done;
            done.push_back(text_of(*planned.step));
            if (done.size() >= most) return done;
            take_effect(*planned.step);
            record = apply(std::move(record), *planned.step, success, limits, now);
        }
    }

    Record record;
    Facts facts;
    Limits limits;
    Time now = start;

private:
    vault::Snapshot& listed(SnapshotId id) { return *std::ranges::find(facts.snapshots, id, &vault::Snapshot::id); }
    void take_effect(const Step& step) {
        std::visit([this](const auto& it) { effect(it); }, step);
    }
    template <class Other>
    void effect(const Other&) {}
    void effect(const CreateDisk&) { facts.seen.disk = true; }
    void effect(const FreeDisk&) { facts.seen.disk = false; }
    void effect(const StageDisk&) { facts.seen.staged = true; }
    void effect(const DiscardStaged&) { facts.seen.staged = false; }
    void effect(const CommitStaged&) { facts.seen.disk = !(facts.seen.staged = false); }
    void effect(const Launch&) { facts.seen.process = Process::ready; }
    void effect(const StopGame&) { facts.seen.process = Process::exited; }
    void effect(const Kill&) { facts.seen.process = Process::exited; }
    void effect(const CleanRun&) { facts.seen.process = Process::gone; }
    void effect(const Resume&) { facts.seen.quiesced = false; }
    void effect(const BeginSnapshot& step) {
        vault::Snapshot snapshot;
        snapshot.id = step.saving.id;
        facts.snapshots.insert(facts.snapshots.begin(), snapshot);
    }
    void effect(const TakeSnapshot& step) { listed(step.saving.id).engine_id = "engine"; }
    void effect(const VerifySnapshot& step) { listed(step.snapshot.id).status = vault::SnapshotStatus::complete; }
    void effect(const CloseSnapshot& step) { listed(step.snapshot).status = vault::SnapshotStatus::failed; }

    std::uint8_t spares_ = 100;
};

Toy asked(Phase phase, Wanted wanted, Request request, Process process, bool disk = true) {
    Toy toy(in(phase, wanted));
    toy.record.request = std::move(request);
    toy.facts.seen.process = process;
    toy.facts.seen.disk = disk;
    if (process == Process::ready) toy.record.started_at = start;
    return toy;
}

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

TEST(Plan, APauseSavesTheRunningGameThenEndsItThenSavesItAtRest) {
    auto toy = asked(Phase::pausing, Wanted::paused, ask(Verb::pause), Process::ready);

    EXPECT_EQ(toy.run(), (Texts{"ProbeVault", "BeginSnapshot", "TakeSnapshot", "VerifySnapshot", "StopGame", "Transition game_ended", "BeginSnapshot",
                                "TakeSnapshot", "VerifySnapshot", "CleanRun", "Transition at_rest", "Finish"}));

    EXPECT_EQ(toy.record.phase, Phase::paused);
    EXPECT_TRUE(toy.facts.seen.disk);
    EXPECT_FALSE(toy.record.world_dirty);
}

TEST(Plan, AStopFreesTheDiskOnlyAfterTheProofAtRest) {
    auto toy = asked(Phase::stopping, Wanted::stopped, ask(Verb::stop), Process::ready);

    const auto done = toy.run();

    const auto proof = std::ranges::find(done.rbegin(), done.rend(), "VerifySnapshot");
    const auto freed = std::ranges::find(done.rbegin(), done.rend(), "FreeDisk");
    EXPECT_LT(freed, proof);
    EXPECT_EQ(toy.record.phase, Phase::stopped);
    EXPECT_FALSE(toy.facts.seen.disk);
}

TEST(Plan, AVaultThatRefusesKeepsTheGameUp) {
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

TEST(Plan, AFailedSnapshotAtRestKeepsTheDiskAndIsTriedAgain) {
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

TEST(Plan, ADiskWithoutAProvenSnapshotIsNotFreed) {
    for (const bool dirty : {true, false}) {
        Toy toy(in(Phase::cleanup, Wanted::stopped));
        toy.facts.seen.disk = true;
        toy.record.world_dirty = dirty;
        if (dirty) toy.facts.snapshots = {proven(1)};  // Of an older state than the disk's.

        EXPECT_EQ(toy.next(), "Transition unproven");
    }
}

TEST(Plan, ForceGoesOnWithoutTheVault) {
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
    for (std::size_t i = 0; i < phase_names.size() * wanted_names.size() * 5 * 8 * progress_names.size(); ++i) {
        auto rest = i;
        const auto digit = [&rest](std::size_t base) { return std::exchange(rest, rest / base) % base; };
        const auto phase = static_cast<Phase>(digit(phase_names.size()));
        Toy toy(in(phase, static_cast<Wanted>(digit(wanted_names.size()))));
        // Only the end of a delete leads into its last phase, and no pause leads to where the disk is given up.
        if (phase == Phase::deleting) toy.record.wanted = Wanted::deleted;
        if ((phase == Phase::cleanup || phase == Phase::stopped) && toy.record.wanted == Wanted::paused) continue;
        toy.facts.seen.process = static_cast<Process>(digit(5));
        toy.facts.seen.disk = digit(2) == 1;
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
        ASSERT_EQ(name_of(toy.record.phase), name_of(first.wanted)) << where;
        toy.now += std::chrono::hours(24);
        ASSERT_EQ(toy.next(), "nothing") << where;
    }
}

}  // namespace
}  // namespace gk::server
