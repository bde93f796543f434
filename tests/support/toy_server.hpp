#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "domain/server/plan.hpp"

// What the tests of plan() share: records in a given phase, and a machine that does what is planned.
namespace gk::server::toy {

using Process = Observation::Process;
using Texts = std::vector<std::string>;

inline constexpr Time start{Milliseconds(1'800'000'000'000)};
inline const Outcome success{};

inline Outcome failure(Failure::Kind kind) { return {.failure = Failure{.kind = kind, .problem = {"why", "for a reason"}}}; }
inline const Outcome away = failure(Failure::Kind::unavailable);

inline Record in(Phase phase, Wanted wanted) {
    Record record;
    record.id = "castle";
    record.phase = phase;
    record.wanted = wanted;
    record.phase_since = record.progress_since = start;
    record.world_complete = record.world_dirty = true;
    return record;
}

inline Request ask(Verb verb, std::uint8_t number = 1) {
    Request request;
    request.operation = OperationId(UuidBits{number});
    request.verb = verb;
    request.asked_at = start;
    return request;
}

inline vault::Snapshot proven(std::uint8_t number) {
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
        facts.start_timeout = std::chrono::minutes(1);
        facts.stop_timeout = std::chrono::seconds(30);
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
    void effect(const CommitStaged&) {
        facts.seen.disk = !(facts.seen.staged = false);
        facts.seen.disk_tied = false;
    }
    void effect(const Launch&) { facts.seen.process = Process::ready; }
    void effect(const StopGame&) { facts.seen.process = Process::exited; }
    void effect(const Kill&) { facts.seen.process = Process::exited; }
    void effect(const CleanRun&) {
        facts.seen.process = Process::gone;
        facts.seen.leave.reset();
    }
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

inline Toy asked(Phase phase, Wanted wanted, Request request, Process process, bool disk = true) {
    Toy toy(in(phase, wanted));
    toy.record.request = std::move(request);
    toy.facts.seen.process = process;
    toy.facts.seen.disk = disk;
    if (process == Process::ready) toy.record.started_at = start;
    return toy;
}

}  // namespace gk::server::toy
