#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "domain/server/moves.hpp"
#include "domain/server/place.hpp"
#include "domain/server/plan.hpp"

// Folds what a step did into the record: done() for its success, failed() for its failure.
namespace gk::server {
namespace {

struct Fold {
    Record& record;
    const Outcome& outcome;
    const Limits& limits;
    Time now;
};

// The reason of a server whose ports are not open in the way that was asked for, and which is well otherwise.
constexpr std::string_view not_opened = "ports_not_opened";

bool works_on(const Record& record, Verb verb) { return record.request && record.request->verb == verb && !record.request->failed; }
bool restores(const Record& record) { return (works_on(record, Verb::restore) || works_on(record, Verb::restore_undo)) && !record.request->restored; }

void explain(Record& record, const Problem& why) {
    record.reason = why.code;
    record.message = why.detail;
}

void retry_later(const Fold& in) {
    ++in.record.attempts;
    in.record.not_before = in.now + back_off(in.record.attempts, in.limits);
}

void give_up(Record& record, const Problem& why, std::string_view notice) {
    record.given_up = true;
    record.not_before.reset();
    record.notice_due = notice;
    explain(record, why);
    if (record.request) record.request->failed = why;
}

// How long the game that has just ended was up.
Milliseconds time_up(const Record& record, Time now) {
    return record.started_at ? std::max(now - *record.started_at, Milliseconds(0)) : Milliseconds(0);
}

// Moves earlier crashes together by the time since the last one in which the game was not up. Our own pauses, snapshots and starts would otherwise
// spread the crashes of a hopeless game over more than the window, and it would never be given up.
void count_only_time_up(std::vector<Time>& crashes, Milliseconds up, Time now) {
    if (crashes.empty()) return;
    const auto down = std::max(now - crashes.back() - up, Milliseconds(0));
    for (auto& at : crashes) at += down;
}

// One more crash, of a game that was up for so long: a longer pause before the next try, or the end of the tries.
void count_crash(const Fold& in, Milliseconds up) {
    auto& record = in.record;
    count_only_time_up(record.crashes, up, in.now);
    std::erase_if(record.crashes, [&](Time at) { return at + in.limits.crash_window <= in.now; });
    record.crashes.push_back(in.now);
    if (record.crashes.size() >= in.limits.crashes_max) {
        auto detail =
            fmt::format("{} crashes within {} of play, the last: {}; what was on disk is kept. Look at last_exit.log_tail, then start it again.",
                        record.crashes.size(), duration_text(in.limits.crash_window), record.message);
        return give_up(record, {"crash_loop", std::move(detail)}, "crash_loop");
    }
    record.not_before = in.now + back_off(static_cast<std::uint32_t>(record.crashes.size()), in.limits);
}

void fail_phase(const Fold& in, Event on, const Problem& why) {
    move(in.record, on, in.now);
    explain(in.record, why);
    count_crash(in, Milliseconds(0));
}

void forget_process(Record& record) {
    record.started_at.reset();
    record.quiesced = false;
}

// Successes.
bool is_crash(Event on) { return on == Event::crashed || on == Event::start_timed_out || on == Event::step_failed; }
bool ends_process(Event on) { return is_crash(on) || on == Event::game_ended || on == Event::start_over; }

void follow_to_disk(Record& record, Event on) {
    switch (on) {
    case Event::process_seen:
        record.world_dirty = true;
        // It was taken before this game wrote: proven or not, it does not hold what is on the disk now.
        if (record.saving && !record.saving->spoiled) record.saving->spoiled = {"superseded", "a game ran before this snapshot was proven"};
        break;
    case Event::unproven: record.world_dirty = true; break;
    case Event::emptied:
    case Event::emptied_for_good: record.world_lost = false; [[fallthrough]];
    case Event::disk_missing:
        record.world_complete = false;
        record.world_dirty = false;
        record.staged.reset();
        break;
    default: break;
    }
}

// Of starts that somebody asked for: how long a crash took to come back says nothing about a wake.
void learn_start_time(Record& record, Time now) {
    if (!record.request || record.request->verb != Verb::start) return;
    auto& kept = record.start_times;
    kept.push_back(std::max(now - record.request->asked_at, Milliseconds(0)));
    if (kept.size() > start_times_kept) kept.erase(kept.begin());
}

void drop_pause(Record& record, const Problem& why) {
    record.wanted = Wanted::running;
    if (record.request) record.request->failed = why;
}

void done(const Fold& in, const Transition& step) {
    auto& record = in.record;
    // A snapshot that went while its restore was on the way: the restore fails, and the plan puts the world back to where it was.
    if (step.on == Event::step_failed && restores(record)) {
        record.request->failed = step.why;
        return;
    }
    if (step.exit) record.last_exit = step.exit;
    const auto up = time_up(record, in.now);
    move(record, step.on, in.now);
    // Nothing is wrong with the server, only its request came to nothing.
    if (step.on == Event::went_on) return drop_pause(record, step.why);
    follow_to_disk(record, step.on);
    if (ends_process(step.on)) forget_process(record);
    if (step.on == Event::ready) {
        record.started_at = in.now;
        learn_start_time(record, in.now);
    }
    if (!step.why.code.empty()) explain(record, step.why);
    if (is_crash(step.on)) count_crash(in, up);
}

void done(const Fold& in, const Validate&) { move(in.record, Event::validated, in.now); }
void done(const Fold& in, const CheckBackup&) {
    if (in.outcome.found) return;
    if (!in.record.world_lost) return move(in.record, Event::nothing_found, in.now);
    move(in.record, Event::step_failed, in.now);
    give_up(in.record,
            {"world_lost",
             "the world's disk is gone and the vault has no backup of it, so nothing is started: to begin anew with an empty world, stop "
             "the server and start it again"},
            "world_lost");
}
void done(const Fold&, const CreateDisk&) {}
void done(const Fold& in, const WriteDefaults&) {
    in.record.world_complete = true;
    move(in.record, Event::defaults_written, in.now);
}

void done(const Fold& in, const StageDisk& step) { in.record.staged = Staged{.snapshot = step.snapshot, .whole = false}; }
void done(const Fold& in, const RestoreToStage& step) { in.record.staged = Staged{.snapshot = step.snapshot.id, .whole = true}; }
void done(const Fold& in, const CommitStaged&) {
    auto& record = in.record;
    const bool asked = restores(record);
    record.staged.reset();
    record.world_complete = true;
    record.world_lost = false;
    // A world from the past is not what the newest snapshot holds.
    record.world_dirty = asked;
    if (asked) {
        record.undo = record.last_snapshot;
        record.request->restored = true;
    }
    if (asked && record.wanted == Wanted::paused) return move(record, Event::restored_at_rest, in.now);
    if (asked && record.wanted == Wanted::stopped) return move(record, Event::restored_to_save, in.now);
    move(record, Event::files_restored, in.now);
}
void done(const Fold& in, const DiscardStaged&) { in.record.staged.reset(); }

void done(const Fold& in, const FetchFiles&) {
    if (in.outcome.under_way) in.record.not_before = in.now + in.limits.retry_first;
}
void done(const Fold& in, const Prepare&) {
    in.record.applied_settings = in.record.settings;
    in.record.applied_launch = in.record.launch;
    set_progress(in.record, Progress::prepared, in.now);
}
void done(const Fold& in, const Launch&) { move(in.record, Event::launched, in.now); }
void done(const Fold& in, const OpenPorts& step) {
    auto& record = in.record;
    record.ports = in.outcome.ports;
    record.applied_exposure = step.exposure;
    record.behind_edge = kind_of(step.exposure) == Exposure::Kind::edge;
    if (record.phase == Phase::running) record.host = in.outcome.host;
    if (record.reason == not_opened) explain(record, {});
}
void done(const Fold& in, const PublishAddress&) {
    in.record.host = in.outcome.host;
    move(in.record, Event::published, in.now);
}

void done(const Fold& in, const ProbeVault&) {
    if (in.record.phase == Phase::backup_failed) return move(in.record, Event::went_on, in.now);
    set_progress(in.record, Progress::probed, in.now);
}
void done(const Fold& in, const BeginSnapshot& step) {
    in.record.saving = step.saving;
    if (step.saving.consistency == vault::Consistency::quiesced) in.record.quiesced = true;
}
void done(const Fold& in, const TakeSnapshot&) {
    if (in.record.saving) in.record.saving->taken = true;
    in.record.quiesced = in.outcome.still_quiesced;
}
void done(const Fold& in, const VerifySnapshot& step) {
    auto& record = in.record;
    const bool made_here = record.saving && record.saving->id == step.snapshot.id;
    if (made_here || !record.last_snapshot) record.last_snapshot = step.snapshot.id;
    if (!made_here) return;
    if (record.saving->consistency == vault::Consistency::at_rest) record.world_dirty = false;
    record.saving.reset();
    set_progress(record, Progress::saved, in.now);
}
void done(const Fold& in, const CloseSnapshot& step) {
    if (in.record.saving && in.record.saving->id == step.snapshot) in.record.saving.reset();
}
void done(const Fold& in, const Resume&) { in.record.quiesced = false; }

void done(const Fold& in, const StopGame&) {
    auto& record = in.record;
    // Whatever phase finds a process: it may have written until now.
    record.world_dirty = record.world_dirty || record.world_complete;
    if (record.progress != Progress::stopping) set_progress(record, Progress::stopping, in.now);
    record.not_before = in.now + in.limits.keeper_interval;
}
void done(const Fold& in, const Kill&) {
    set_progress(in.record, Progress::stopping, in.now);
    if (in.record.phase != Phase::failed) in.record.not_before = in.now + in.limits.retry_first;
}
void done(const Fold& in, const CleanRun& step) {
    if (step.exit) in.record.last_exit = step.exit;
}
void done(const Fold&, const FreeDisk&) {}

void done(const Fold& in, const KeepWorld&) { set_progress(in.record, Progress::kept, in.now); }
void done(const Fold& in, const PurgeVault&) { set_progress(in.record, Progress::kept, in.now); }
void done(const Fold& in, const Forget&) { set_progress(in.record, Progress::forgotten, in.now); }
void done(const Fold&, const RemoveRecord&) {}

void done(const Fold& in, const Finish& step) {
    if (!in.record.request || in.record.request->operation != step.operation) return;
    const bool was_backup = in.record.request->verb == Verb::backup;
    in.record.request.reset();
    if (was_backup) set_progress(in.record, Progress::none, in.now);
}
void done(const Fold& in, const Cancel& step) { std::erase(in.record.superseded, step.operation); }
void done(const Fold& in, const Notify&) { in.record.notice_due.clear(); }
void done(const Fold& in, const NotePlace& step) { note_place(in.record, step); }
void done(const Fold& in, const NoteLoss& step) { note_loss(in.record, step); }
// Who was told is not kept: whoever comes after us tells them again.
void done(const Fold&, const TellPlayers&) {}

// Failures. What is not listed is tried again after a growing pause.
const Problem& problem_of(const Fold& in) { return in.outcome.failure->problem; }
bool is_final(const Fold& in) { return in.outcome.failure->kind == Failure::Kind::invalid || in.outcome.failure->kind == Failure::Kind::damaged; }

template <class Any>
void failed(const Fold& in, const Any&) {
    retry_later(in);
}

void failed(const Fold& in, const Validate&) {
    if (!is_final(in)) return retry_later(in);
    move(in.record, Event::invalid, in.now);
    give_up(in.record, problem_of(in), "");
}

void failed(const Fold& in, const CheckBackup&) {
    explain(in.record, problem_of(in));
    if (!is_final(in)) return retry_later(in);
    move(in.record, Event::step_failed, in.now);
    give_up(in.record, problem_of(in), "start_failed");
}

// Who cannot be told is not waited for.
void failed(const Fold&, const TellPlayers&) {}

// A step of a start: tried again here, then by way of `failed`, then not at all.
void start_step_failed(const Fold& in) {
    auto& record = in.record;
    const auto why = problem_of(in);
    const bool for_good = is_final(in);
    const bool enough = in.outcome.failure->kind == Failure::Kind::exhausted || record.attempts + 1 >= in.limits.attempts_max;
    if (record.phase == Phase::restoring_files && restores(record) && (for_good || enough)) {
        record.request->failed = why;
        record.not_before.reset();
        return;
    }
    explain(record, why);
    // Not the game fails while its pod has no place: it starts when there is one.
    if (!for_good && (!enough || record.obstacle)) return retry_later(in);
    if (!next(record.phase, Event::step_failed)) return retry_later(in);
    fail_phase(in, Event::step_failed, why);
    if (for_good) give_up(record, why, "start_failed");
}
void failed(const Fold& in, const CreateDisk&) { start_step_failed(in); }
void failed(const Fold& in, const WriteDefaults&) { start_step_failed(in); }
void failed(const Fold& in, const StageDisk&) { start_step_failed(in); }
void failed(const Fold& in, const RestoreToStage&) {
    in.record.staged.reset();  // Half a world: staged anew at the next try.
    start_step_failed(in);
}
void failed(const Fold& in, const CommitStaged&) { start_step_failed(in); }
void failed(const Fold& in, const FetchFiles&) { start_step_failed(in); }
void failed(const Fold& in, const Prepare&) { start_step_failed(in); }
void failed(const Fold& in, const Launch&) { start_step_failed(in); }
void failed(const Fold& in, const PublishAddress&) {
    auto& record = in.record;
    const auto deadline = record.phase_since + in.limits.address_timeout;
    if (in.now < deadline) {
        explain(record, {"no_address", problem_of(in).detail});
        retry_later(in);
        record.not_before = std::min(*record.not_before, deadline);
        return;
    }
    const auto& cause = problem_of(in).detail;
    const Problem why{"no_address", fmt::format("players got no address within {}: {}", duration_text(in.limits.address_timeout), cause)};
    forget_process(record);
    fail_phase(in, Event::start_timed_out, why);
    // The server is tried again; who waits for this start is told now, not after the last try.
    if (record.request && record.wanted == Wanted::running) record.request->failed = why;
}
void failed(const Fold& in, const OpenPorts&) {
    if (in.record.phase == Phase::deploying) return start_step_failed(in);
    explain(in.record, {std::string(not_opened), problem_of(in).detail});
    retry_later(in);
}

// The vault cannot promise to take the world, so the game is not stopped.
void refuse_to_end(const Fold& in) {
    auto& record = in.record;
    move(record, Event::vault_refused, in.now);
    retry_later(in);
    record.wanted = Wanted::running;
    record.notice_due = "backup_failed";
    const auto& cause = problem_of(in);
    const Problem why{cause.code, "the game stays up because its world cannot be saved now: " + cause.detail};
    explain(record, why);
    if (record.request) record.request->failed = why;
}
void failed(const Fold& in, const ProbeVault&) {
    if (in.record.phase == Phase::backup_failed) {
        explain(in.record, problem_of(in));
        return retry_later(in);
    }
    refuse_to_end(in);
}

void at_rest_failed(const Fold& in) {
    auto& record = in.record;
    const auto why = problem_of(in);
    const bool forced = record.request && record.request->force;
    const bool goes_on = record.wanted == Wanted::running && !record.disk_tied;
    if (forced || goes_on || restores(record)) {
        // A crashed game starts again from its disk; a restore that cannot keep the present world does not take place, unless forced.
        if (restores(record) && !forced) record.request->failed = why;
        if (record.saving && !record.saving->spoiled) record.saving->spoiled = why;
        return set_progress(record, Progress::saved, in.now);
    }
    if (record.attempts == 0) record.notice_due = "backup_failed";
    if (record.wanted == Wanted::running) {
        explain(record, {why.code, "the world stays where it is until it is saved: " + why.detail});
        return retry_later(in);
    }
    move(record, Event::save_failed, in.now);
    retry_later(in);
    explain(record, {why.code, "the files are kept on disk until they are saved: " + why.detail});
}

void snapshot_failed(const Fold& in) {
    auto& record = in.record;
    if (record.saving && is_final(in)) record.saving->spoiled = problem_of(in);
    switch (record.phase) {
    case Phase::pausing:
    case Phase::stopping: return refuse_to_end(in);
    case Phase::backing_up: return at_rest_failed(in);
    case Phase::running:
    case Phase::paused:
    case Phase::backup_failed:
        if (record.request) record.request->failed = problem_of(in);
        if (record.saving && !record.saving->spoiled) record.saving->spoiled = problem_of(in);
        return;
    default: explain(record, problem_of(in)); return retry_later(in);
    }
}
void failed(const Fold& in, const TakeSnapshot&) {
    in.record.quiesced = in.record.quiesced && in.outcome.still_quiesced;
    snapshot_failed(in);
}
void failed(const Fold& in, const VerifySnapshot& step) {
    const bool made_here = in.record.saving && in.record.saving->id == step.snapshot.id;
    if (!made_here) return retry_later(in);
    snapshot_failed(in);
}

void failed(const Fold& in, const Kill&) {
    if (in.record.phase == Phase::failed) return set_progress(in.record, Progress::stopping, in.now);
    retry_later(in);
}

bool keeps_counting(const Record& before, const Step& step) {
    // Beginning a snapshot is no progress of the saving that failed before; nor does its book-keeping shorten a pause.
    const bool saving_phase = before.phase == Phase::backing_up || before.phase == Phase::backup_failed || before.phase == Phase::failed;
    return std::holds_alternative<BeginSnapshot>(step) || std::holds_alternative<CloseSnapshot>(step) || std::holds_alternative<Cancel>(step) ||
           std::holds_alternative<Notify>(step) || std::holds_alternative<NotePlace>(step) || std::holds_alternative<TellPlayers>(step) ||
           std::holds_alternative<Finish>(step) || std::holds_alternative<Transition>(step) || std::holds_alternative<StageDisk>(step) ||
           std::holds_alternative<Prepare>(step) || (saving_phase && !std::holds_alternative<VerifySnapshot>(step));
}

}  // namespace

Record apply(Record record, const Step& step, const Outcome& outcome, const Limits& limits, Time now) {
    const Fold in{record, outcome, limits, now};
    if (outcome.failure) {
        std::visit([&](const auto& it) { failed(in, it); }, step);
    } else {
        if (!keeps_counting(record, step)) {
            record.attempts = 0;
            record.not_before.reset();
        }
        std::visit([&](const auto& it) { done(in, it); }, step);
    }
    show_obstacle(record);
    record.updated_at = now;
    return record;
}

}  // namespace gk::server
