#include "domain/server/plan.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "domain/server/place.hpp"
#include "domain/server/plan_view.hpp"
#include "domain/server/request.hpp"

namespace gk::server {
namespace {

using Process = Observation::Process;

Exit exit_of(const View& view) {
    if (view.facts.seen.exit) return *view.facts.seen.exit;
    Exit lost;
    lost.at = view.now;
    return lost;
}

// The process ended where it should run.
std::optional<Plan> crash(const View& view) {
    if (view.alive()) return std::nullopt;
    const auto exit = exit_of(view);
    // A game that goes with its pod or its node has left no exit of its own.
    if (const auto& why = view.facts.seen.obstacle; why && !view.facts.seen.exit)
        return now_do(Transition{.on = Event::crashed, .why = *why, .exit = exit});
    auto detail = fmt::format("the game ended by itself ({})", name_of(exit.cause));
    return now_do(Transition{.on = Event::crashed, .why = {std::string(name_of(exit.cause)), std::move(detail)}, .exit = exit});
}

// Makes a snapshot in three steps, each of which survives a crash of ours. A snapshot of another kind that was under way is closed first: its
// id must never be used again once the game has run on, because the vault answers a known id with what it took then.
Plan save(const View& view, vault::Consistency consistency, vault::Trigger trigger) {
    const auto& saving = view.record.saving;
    if (!saving) {
        return in_time(
            view,
            BeginSnapshot{
                {.id = view.facts.spare_id, .consistency = consistency, .trigger = trigger, .begun_at = view.now, .taken = false, .spoiled = {}}});
    }
    if (saving->spoiled) return now_do(CloseSnapshot{saving->id, *saving->spoiled});
    if (saving->consistency != consistency || saving->trigger != trigger) {
        return now_do(CloseSnapshot{saving->id, {"superseded", "another snapshot took its place before it was proven"}});
    }
    if (!saving->taken) return in_time(view, TakeSnapshot{*saving});
    const auto* entry = find(view.facts.snapshots, saving->id);
    if (entry == nullptr) return now_do(CloseSnapshot{saving->id, {"not_listed", "the catalogue has lost this snapshot"}});
    return in_time(view, VerifySnapshot{*entry});
}

// What is left of work that this phase does not continue.
std::optional<Plan> tidy_snapshot(const View& view) {
    const auto& saving = view.record.saving;
    if (!saving) return std::nullopt;
    const Problem superseded{"superseded", "the server went on before this snapshot was proven"};
    return now_do(CloseSnapshot{saving->id, saving->spoiled.value_or(superseded)});
}
// What was taken but never proven, by us or by a keeper before us, when nobody will prove it any more.
std::optional<Plan> tidy_catalogue(const View& view) {
    if (const auto plan = tidy_snapshot(view)) return plan;
    const auto open = std::ranges::find(view.facts.snapshots, vault::SnapshotStatus::uploading, &vault::Snapshot::status);
    if (open == view.facts.snapshots.end()) return std::nullopt;
    return now_do(CloseSnapshot{open->id, {"superseded", "the server was deleted before this snapshot was proven"}});
}
std::optional<Plan> tidy_stage(const View& view) {
    if (!view.facts.seen.staged && !view.record.staged) return std::nullopt;
    return in_time(view, DiscardStaged{});
}
// The one place where the trace of a run goes: whatever phase found it, nobody could tell its exit later. What has failed keeps the reason that it
// failed for: the end that we then made is not it.
std::optional<Plan> tidy_exit(const View& view) {
    if (!view.exited()) return std::nullopt;
    return in_time(view, CleanRun{view.record.phase == Phase::failed ? std::nullopt : view.facts.seen.exit});
}
std::optional<Plan> tidy_quiesce(const View& view) {
    if (!view.record.quiesced && !view.facts.seen.quiesced) return std::nullopt;
    return in_time(view, Resume{});
}

// Ends a process and waits for its end. The shim keeps the ladder; if it does not, everything is killed.
Plan end_game(const View& view) {
    const auto& record = view.record;
    if (record.progress != Progress::stopping) return in_time(view, StopGame{});
    const auto deadline = record.progress_since + view.facts.stop_timeout + view.limits.kill_grace;
    if (view.now >= deadline) return in_time(view, Kill{});
    if (view.facts.seen.process != Process::stopping) return in_time(view, StopGame{});
    return wait_until(deadline);
}

Plan finish(const View& view, std::optional<SnapshotId> snapshot = {}) { return now_do(Finish{view.record.request->operation, {}, snapshot}); }

// A start, phase by phase.
Plan in_requested(const View& view) {
    if (view.alive()) return end_game(view);
    return follow(Event::validation_begun);
}

Plan in_backup_check(const View& view) {
    if (view.alive()) return end_game(view);
    if (view.has_world()) return follow(Event::disk_found);
    if (newest_complete(view.facts.snapshots) != nullptr) return follow(Event::snapshot_found);
    // What the vault listed and we did not know is believed after it was read back.
    const auto imported = std::ranges::find_if(
        view.facts.snapshots, [](const vault::Snapshot& it) { return it.status == vault::SnapshotStatus::uploading && !it.engine_id.empty(); });
    if (imported != view.facts.snapshots.end()) return in_time(view, VerifySnapshot{*imported});
    return in_time(view, CheckBackup{});
}

Plan in_creating_defaults(const View& view) {
    if (view.alive()) return end_game(view);
    if (!view.facts.seen.disk) return in_time(view, CreateDisk{});
    return in_time(view, WriteDefaults{});
}

// The asked one, or the newest that is proven.
const vault::Snapshot* snapshot_to_restore(const View& view) {
    if (!view.restores() || !view.record.request->snapshot) return newest_complete(view.facts.snapshots);
    const auto* asked = find(view.facts.snapshots, *view.record.request->snapshot);
    return asked != nullptr && asked->status == vault::SnapshotStatus::complete ? asked : nullptr;
}

Plan in_restoring_files(const View& view) {
    if (view.alive()) return end_game(view);
    if (const auto plan = tidy_exit(view)) return *plan;
    if (const auto plan = tidy_snapshot(view)) return *plan;
    // A restore that turned out to be impossible leaves the old world where it was.
    if (view.record.request && view.record.request->failed && !view.has_world() && view.wants(Wanted::stopped)) return follow(Event::restore_refused);
    if (view.record.request && view.record.request->failed && view.has_world()) {
        return follow(view.wants(Wanted::paused) ? Event::restored_at_rest : Event::files_restored);
    }
    const auto* wanted = snapshot_to_restore(view);
    if (wanted == nullptr) return follow(Event::step_failed, "no_snapshot", "the snapshot to restore is not in the catalogue, or was never proven");
    const auto& staged = view.record.staged;
    // The record forgets a staged world before a new one is begun: it must never call whole what a crash of ours left empty.
    if (staged && (staged->snapshot != wanted->id || !view.facts.seen.staged)) return in_time(view, DiscardStaged{});
    if (!staged) return in_time(view, StageDisk{wanted->id});
    if (!staged->whole) return in_time(view, RestoreToStage{*wanted});
    return in_time(view, CommitStaged{});
}

// How players reach it was changed.
std::optional<Plan> open_ports(const View& view) {
    if (view.record.exposure == view.record.applied_exposure) return std::nullopt;
    return in_time(view, OpenPorts{view.record.exposure});
}

// While it runs, as far as that does not wait for its next start.
std::optional<Plan> open_ports_in_place(const View& view) {
    return needs_restart(view.record.applied_exposure, view.record.exposure) ? std::nullopt : open_ports(view);
}

Plan in_deploying(const View& view) {
    if (view.alive()) return follow(Event::launched);
    if (!view.facts.seen.disk) return follow(Event::disk_missing);
    if (view.leaves_disk()) return follow(Event::move_asked);
    for (const auto& plan : {tidy_exit(view), tidy_snapshot(view), tidy_stage(view), open_ports(view)}) {
        if (plan) return *plan;
    }
    if (!view.facts.game_files) return in_time(view, FetchFiles{});
    // Settings that change in between are prepared again: a game never starts with the files of one set and the arguments of another.
    const auto& record = view.record;
    const bool is_applied = record.applied_settings == record.settings && record.applied_launch == record.launch;
    const bool prepared = record.progress == Progress::prepared && is_applied;
    return prepared ? in_time(view, Launch{}) : in_time(view, Prepare{});
}

Plan in_starting(const View& view) {
    if (const auto plan = crash(view)) return *plan;
    if (view.ready()) return follow(Event::ready);
    const auto deadline = view.record.phase_since + view.facts.start_timeout + view.limits.kill_grace;
    if (view.now < deadline) return wait_until(deadline);
    Exit exit;
    exit.cause = ExitCause::start_timeout;
    exit.at = view.now;
    auto detail = fmt::format("the game was not ready within {}", duration_text(view.facts.start_timeout));
    return now_do(Transition{.on = Event::start_timed_out, .why = {"start_timeout", std::move(detail)}, .exit = exit});
}

Plan in_address_allocation(const View& view) {
    if (const auto plan = crash(view)) return *plan;
    // Somebody may have thought better of an address that never comes.
    if (const auto plan = open_ports_in_place(view)) return *plan;
    return in_time(view, PublishAddress{});
}

// Steady states.
// An entry that was listed again, or imported, without a saving of its own: with time at hand it is read back, so that it gets its true status.
std::optional<Plan> prove_strays(const View& view) {
    const auto stray = std::ranges::find_if(view.facts.snapshots, [&](const vault::Snapshot& it) {
        return it.status == vault::SnapshotStatus::uploading && !it.engine_id.empty() && (!view.record.saving || view.record.saving->id != it.id);
    });
    if (stray == view.facts.snapshots.end()) return std::nullopt;
    return in_time(view, VerifySnapshot{*stray});
}

vault::Trigger trigger_of_backup(const View& view) {
    return view.record.request->cause.kind == Cause::Kind::schedule ? vault::Trigger::schedule : vault::Trigger::user;
}

std::optional<Plan> backup_of_running(const View& view) {
    if (!view.works_on(Verb::backup)) return tidy_snapshot(view);
    if (view.record.progress == Progress::saved) return finish(view, view.record.last_snapshot);
    return save(view, vault::Consistency::quiesced, trigger_of_backup(view));
}

Plan in_running(const View& view) {
    if (const auto plan = crash(view)) return *plan;
    if (view.wants(Wanted::paused)) return follow(Event::pause_asked);
    if (view.wants_end()) return follow(Event::stop_asked);
    if (const auto plan = backup_of_running(view)) return *plan;
    if (const auto plan = tidy_quiesce(view)) return *plan;
    if (view.record.request) return finish(view);
    if (const auto plan = leave_node(view)) return *plan;
    if (const auto plan = open_ports_in_place(view)) return *plan;
    return prove_strays(view).value_or(nothing());
}

Plan in_paused(const View& view) {
    if (view.alive()) return follow(Event::process_seen, "unexpected_process", "a game process runs although the server is paused");
    if (view.wants(Wanted::running)) return follow(view.leaves_disk() ? Event::move_asked : Event::resume_asked);
    if (view.wants_end()) return follow(Event::stop_asked);
    for (const auto& plan : {tidy_exit(view), tidy_stage(view)}) {
        if (plan) return *plan;
    }
    if (view.works_on(Verb::backup)) {
        if (view.record.progress == Progress::saved) return finish(view, view.record.last_snapshot);
        return save(view, vault::Consistency::at_rest, trigger_of_backup(view));
    }
    if (const auto plan = tidy_snapshot(view)) return *plan;
    if (view.record.request) return finish(view);
    if (const auto plan = open_ports(view)) return *plan;
    return prove_strays(view).value_or(nothing());
}

Plan in_stopped(const View& view) {
    if (view.alive()) return follow(Event::process_seen, "unexpected_process", "a game process runs although the server is stopped");
    if (view.wants(Wanted::running)) return follow(Event::start_asked);
    if (view.wants(Wanted::deleted)) return follow(Event::delete_asked);
    for (const auto& plan : {tidy_exit(view), tidy_stage(view), tidy_snapshot(view)}) {
        if (plan) return *plan;
    }
    if (view.record.request) return finish(view);
    if (const auto plan = open_ports(view)) return *plan;
    return prove_strays(view).value_or(nothing());
}

// Pause and stop while the game is up. A restart and a cancelled start go straight to the ladder: nothing is given up by them.
bool asks_vault_first(const View& view) {
    if (!view.ready() || view.forced() || view.purges() || view.record.reason == "unexpected_process") return false;
    return !view.wants(Wanted::running) || view.restores() || view.leaves();
}

// Players came to a world that was to sleep because nobody plays: until the stop ladder begins, it can stay up.
std::optional<Plan> stay_up_for_players(const View& view) {
    const auto& record = view.record;
    const bool falls_asleep = view.works_on(Verb::pause) && record.request->cause.kind == Cause::Kind::idle && record.phase == Phase::pausing;
    if (!falls_asleep || record.progress == Progress::stopping || view.facts.seen.players.value_or(0) == 0) return std::nullopt;
    return follow(Event::went_on, "players_came", "players joined before the world was asleep, so it stays up");
}

Plan in_closing(const View& view) {
    const auto& record = view.record;
    if (!view.alive()) {
        const bool may_restart = !view.restores() && !view.leaves() && !view.leaves_disk() && view.has_world();
        const bool restart = view.wants(Wanted::running) && record.phase == Phase::stopping && may_restart;
        auto exit = view.facts.seen.exit;
        // Intent was recorded before the ladder began; a process that vanished without a trace was asked to.
        if (!exit && record.started_at)
            exit = Exit{.cause = ExitCause::lost, .signal = {}, .code = {}, .at = view.now, .log_tail = {}, .memory_peak = {}};
        return now_do(Transition{.on = restart ? Event::start_over : Event::game_ended, .why = {}, .exit = exit});
    }
    if (const auto plan = stay_up_for_players(view)) return *plan;
    const bool saves_first = asks_vault_first(view);
    if (saves_first && record.progress == Progress::none) return in_time(view, ProbeVault{});
    if (saves_first && record.progress == Progress::probed && !view.wants(Wanted::running)) {
        return save(view, vault::Consistency::quiesced, view.wants(Wanted::paused) ? vault::Trigger::pause : vault::Trigger::stop);
    }
    return end_game(view);
}

// The game is down: the snapshot that counts, then where the owner wants the server.
vault::Trigger trigger_at_rest(const View& view) {
    if (view.restores()) return vault::Trigger::before_restore;
    switch (view.record.wanted) {
    case Wanted::running: return view.leaves() || view.leaves_disk() ? vault::Trigger::move : vault::Trigger::crash;
    case Wanted::paused: return vault::Trigger::pause;
    case Wanted::stopped:
    case Wanted::deleted: return vault::Trigger::stop;
    }
    std::unreachable();
}

bool is_proven(const View& view) {
    if (!view.record.world_complete || view.forced() || view.purges()) return true;
    return !view.record.world_dirty && newest_complete(view.facts.snapshots) != nullptr;
}

Plan leave_backing_up(const View& view) {
    if (const auto plan = tidy_exit(view)) return *plan;
    if (view.restores()) return follow(Event::restore_begun);
    if (view.wants_end()) return follow(Event::clear_out);
    if (!view.has_world()) return follow(Event::nothing_on_disk);
    if (view.wants(Wanted::paused)) return follow(Event::at_rest);
    // To bring back what was just proven, on a new disk, is how a world leaves a disk that stays behind.
    return follow(view.leaves_disk() && is_proven(view) ? Event::restore_begun : Event::start_over);
}

Plan in_backing_up(const View& view) {
    if (view.alive()) {
        if (const auto plan = tidy_snapshot(view)) return *plan;
        return end_game(view);
    }
    if (const auto plan = tidy_stage(view)) return *plan;
    const bool must_be_proven = view.restores() || (view.leaves_disk() && newest_complete(view.facts.snapshots) == nullptr);
    const bool worth_saving = view.has_world() && !view.purges() && (view.record.world_dirty || must_be_proven);
    if (worth_saving && view.record.progress != Progress::saved) return save(view, vault::Consistency::at_rest, trigger_at_rest(view));
    if (const auto plan = tidy_snapshot(view)) return *plan;
    return leave_backing_up(view);
}

Plan in_backup_failed_running(const View& view) {
    if (const auto plan = crash(view)) return *plan;
    if (const auto plan = backup_of_running(view)) return *plan;
    if (const auto plan = tidy_quiesce(view)) return *plan;
    if (view.record.request) return finish(view);
    return in_time(view, ProbeVault{});
}

Plan in_backup_failed(const View& view) {
    if (view.wants(Wanted::running)) return in_backup_failed_running(view);
    if (view.alive()) return follow(Event::process_seen, "unexpected_process", "a game process runs although the server is to be down");
    return in_time(view, Transition{.on = Event::retry_due, .why = {}, .exit = {}});
}

Plan in_cleanup(const View& view) {
    if (view.alive()) return end_game(view);
    for (const auto& plan : {tidy_exit(view), tidy_stage(view), tidy_snapshot(view)}) {
        if (plan) return *plan;
    }
    if (view.facts.seen.disk) {
        if (!is_proven(view)) return follow(Event::unproven, "unproven", "the world on disk is not covered by a proven snapshot");
        return in_time(view, FreeDisk{});
    }
    return follow(view.wants(Wanted::deleted) ? Event::emptied_for_good : Event::emptied);
}

// A process of a server that has failed is of no use to anybody. The back-off of the next try does not delay this.
Plan kill_again(const View& view) {
    const auto next_try = view.record.progress_since + view.limits.retry_first;
    if (view.record.progress == Progress::stopping && view.now < next_try) return wait_until(next_try);
    return now_do(Kill{});
}

Plan in_failed(const View& view) {
    if (view.wants_end()) return follow(Event::stop_asked);
    if (view.alive()) return kill_again(view);
    if (const auto plan = tidy_exit(view)) return *plan;
    if (view.record.saving && view.record.saving->consistency != vault::Consistency::at_rest) return *tidy_snapshot(view);
    // A start that is given up may still be a pause: the game is down, and its world is there.
    const bool can_rest = view.wants(Wanted::paused) && view.has_world();
    if (view.record.given_up && !can_rest) return nothing();
    return in_time(view, Transition{.on = Event::save_due, .why = {}, .exit = {}});
}

Plan in_deleting(const View& view) {
    const auto& record = view.record;
    if (view.alive()) return end_game(view);
    if (const auto plan = tidy_catalogue(view)) return *plan;
    if (record.progress == Progress::forgotten) return now_do(RemoveRecord{});
    if (record.progress == Progress::kept) return in_time(view, Forget{});
    return view.purges() ? in_time(view, PurgeVault{}) : in_time(view, KeepWorld{});
}

Plan in_phase(const View& view) {
    switch (view.record.phase) {
    case Phase::requested: return in_requested(view);
    case Phase::validating: return in_time(view, Validate{});
    case Phase::backup_check: return in_backup_check(view);
    case Phase::creating_defaults: return in_creating_defaults(view);
    case Phase::restoring_files: return in_restoring_files(view);
    case Phase::deploying: return in_deploying(view);
    case Phase::starting: return in_starting(view);
    case Phase::address_allocation: return in_address_allocation(view);
    case Phase::running: return in_running(view);
    case Phase::pausing:
    case Phase::stopping: return in_closing(view);
    case Phase::backing_up: return in_backing_up(view);
    case Phase::backup_failed: return in_backup_failed(view);
    case Phase::paused: return in_paused(view);
    case Phase::cleanup: return in_cleanup(view);
    case Phase::stopped: return in_stopped(view);
    case Phase::failed: return in_failed(view);
    case Phase::deleting: return in_deleting(view);
    }
    std::unreachable();
}

// Book-keeping that does not touch the server and never waits.
std::optional<Plan> paperwork(const View& view) {
    const auto& record = view.record;
    if (!record.superseded.empty()) return now_do(Cancel{record.superseded.front()});
    if (!record.notice_due.empty()) return now_do(Notify{record.notice_due});
    // A start that was begun in the catalogue but not in a record was never asked of the vault.
    const auto stray = std::ranges::find_if(view.facts.snapshots, [&](const vault::Snapshot& it) {
        return it.status == vault::SnapshotStatus::uploading && it.engine_id.empty() && (!record.saving || record.saving->id != it.id);
    });
    if (stray != view.facts.snapshots.end()) return now_do(CloseSnapshot{stray->id, {"interrupted", "it was begun and never taken"}});
    return std::nullopt;
}

// A request that cannot be done is reported once its phase has put everything back where it was.
bool reports_failure_now(const View& view) {
    if (!view.record.request || !view.record.request->failed) return false;
    const auto verb = view.record.request->verb;
    const bool restore = verb == Verb::restore || verb == Verb::restore_undo;
    return !restore || view.record.phase != Phase::restoring_files;
}

}  // namespace

const vault::Snapshot* newest_complete(const std::vector<vault::Snapshot>& snapshots) {
    const auto at = std::ranges::find(snapshots, vault::SnapshotStatus::complete, &vault::Snapshot::status);
    return at == snapshots.end() ? nullptr : &*at;
}

Milliseconds back_off(std::uint32_t failures, const Limits& limits) {
    auto delay = limits.retry_first;
    for (std::uint32_t i = 1; i < failures && delay < limits.retry_most; ++i) delay *= 2;
    return std::min(delay, limits.retry_most);
}

Plan plan(const Record& record, const Facts& facts, const Limits& limits, Time now) {
    const View view{record, facts, limits, now};
    if (const auto paper = paperwork(view)) return *paper;
    if (reports_failure_now(view)) return now_do(Finish{record.request->operation, record.request->failed, {}});
    if (const auto note = note_place(view)) return *note;
    // What cannot be seen may be at work on the world: neither is it ended, nor does anything begin elsewhere.
    if (view.in_the_dark()) return nothing();
    if (const auto loss = note_loss(view)) return *loss;
    return in_phase(view);
}

}  // namespace gk::server
