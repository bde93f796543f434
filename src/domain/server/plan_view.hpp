#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "domain/server/plan.hpp"

// The words in which plan() decides. For the files of this folder only.
namespace gk::server {

// What one round knows, with the questions that several phases ask.
struct View {
    const Record& record;
    const Facts& facts;
    const Limits& limits;
    Time now;

    bool alive() const {
        using Process = Observation::Process;
        const auto process = facts.seen.process;
        return process == Process::starting || process == Process::ready || process == Process::stopping;
    }
    bool ready() const { return facts.seen.process == Observation::Process::ready; }
    bool exited() const { return facts.seen.process == Observation::Process::exited; }
    // Something may run, somewhere where nobody can look.
    bool in_the_dark() const { return facts.seen.process == Observation::Process::unknown; }
    bool has_world() const { return facts.seen.disk && record.world_complete; }
    bool works_on(Verb verb) const { return record.request && record.request->verb == verb && !record.request->failed; }
    // Until the snapshot is the live world.
    bool restores() const { return (works_on(Verb::restore) || works_on(Verb::restore_undo)) && !record.request->restored; }
    bool forced() const { return record.request && record.request->force; }
    bool wants(Wanted wanted) const { return record.wanted == wanted; }
    // Nothing of this world is to be kept, so nothing is saved first.
    bool purges() const { return wants(Wanted::deleted) && record.request && record.request->purge; }
    bool wants_end() const { return wants(Wanted::stopped) || wants(Wanted::deleted); }
    // The game must go from where it is, and run elsewhere.
    bool leaves() const { return facts.seen.leave.has_value() && wants(Wanted::running); }
    // The disk cannot go there with it: the world goes by way of the vault.
    bool leaves_disk() const { return facts.seen.disk_tied && wants(Wanted::running) && !forced(); }
};

inline Plan now_do(Step step) { return {.step = std::move(step), .wake_at = {}}; }
inline Plan wait_until(Time when) { return {.step = {}, .wake_at = when}; }
inline Plan nothing() { return {}; }
inline Plan follow(Event on) { return now_do(Transition{.on = on, .why = {}, .exit = {}}); }
inline Plan follow(Event on, std::string code, std::string detail) {
    return now_do(Transition{.on = on, .why = {std::move(code), std::move(detail)}, .exit = {}});
}

// Work that may have failed before: not earlier than its back-off says.
inline Plan in_time(const View& view, Step step) {
    if (view.record.not_before && view.now < *view.record.not_before) return wait_until(*view.record.not_before);
    return now_do(std::move(step));
}

inline const vault::Snapshot* find(const std::vector<vault::Snapshot>& snapshots, SnapshotId id) {
    const auto at = std::ranges::find(snapshots, id, &vault::Snapshot::id);
    return at == snapshots.end() ? nullptr : &*at;
}

}  // namespace gk::server
