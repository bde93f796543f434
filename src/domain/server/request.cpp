#include "domain/server/request.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/own_loopback.hpp"
#include "domain/server/moves.hpp"

namespace gk::server {
namespace {

bool is_start_phase(Phase phase) { return phase <= Phase::address_allocation; }
static_assert(std::to_underlying(Phase::running) == std::to_underlying(Phase::address_allocation) + 1);

bool works_on(const Record& record, Verb verb) { return record.request && record.request->verb == verb && !record.request->failed; }
bool restores(const Record& record) { return works_on(record, Verb::restore) || works_on(record, Verb::restore_undo); }

Judgement judge_start(const Record& record) {
    switch (record.phase) {
    case Phase::paused:
    case Phase::stopped:
    case Phase::failed:
    case Phase::backup_failed: return record.wanted == Wanted::deleted ? Judgement::refused : Judgement::accepted;
    default: break;
    }
    return record.wanted == Wanted::running ? Judgement::already_holds : Judgement::refused;
}

Judgement judge_pause(const Record& record, bool force) {
    if (record.wanted == Wanted::paused) {
        // Asked again by name, a pause that waits for a failing vault goes on without it.
        return force && record.phase != Phase::paused ? Judgement::accepted : Judgement::already_holds;
    }
    if (record.wanted != Wanted::running || restores(record)) return Judgement::refused;
    const bool legal = record.phase == Phase::running || is_start_phase(record.phase) || (record.phase == Phase::backup_failed && game_up(record));
    return legal ? Judgement::accepted : Judgement::refused;
}

Judgement judge_stop(const Record& record, bool force) {
    if (record.phase == Phase::deleting) return Judgement::refused;
    if (record.wanted != Wanted::stopped) return Judgement::accepted;
    return force && record.phase != Phase::stopped ? Judgement::accepted : Judgement::already_holds;
}

Judgement judge_remove(const Record& record, const Request& request) {
    if (record.wanted != Wanted::deleted) return Judgement::accepted;
    const bool says_more = request.force || request.purge;
    return says_more && record.phase != Phase::deleting ? Judgement::accepted : Judgement::already_holds;
}

Judgement judge_restart(const Record& record) {
    if (works_on(record, Verb::restart)) return Judgement::already_holds;
    const bool legal = record.phase == Phase::running || record.phase == Phase::failed;
    return legal && record.wanted == Wanted::running && !restores(record) ? Judgement::accepted : Judgement::refused;
}

// Backups and restores work on a server that is where it is wanted.
Judgement judge_at_rest_or_running(const Record& record, bool also_stopped) {
    if (works_on(record, Verb::backup) || restores(record)) return Judgement::refused;
    switch (record.phase) {
    case Phase::running: return record.wanted == Wanted::running ? Judgement::accepted : Judgement::refused;
    case Phase::paused: return record.wanted == Wanted::paused ? Judgement::accepted : Judgement::refused;
    case Phase::stopped: return also_stopped && record.wanted == Wanted::stopped ? Judgement::accepted : Judgement::refused;
    case Phase::failed: return also_stopped && record.wanted == Wanted::running ? Judgement::accepted : Judgement::refused;
    case Phase::backup_failed: return !also_stopped && record.wanted == Wanted::running && game_up(record) ? Judgement::accepted : Judgement::refused;
    default: return Judgement::refused;
    }
}

Wanted wanted_after(Verb verb, Wanted before) {
    switch (verb) {
    case Verb::start:
    case Verb::restart: return Wanted::running;
    case Verb::pause: return Wanted::paused;
    case Verb::stop: return Wanted::stopped;
    case Verb::remove: return Wanted::deleted;
    case Verb::create:
    case Verb::backup:
    case Verb::restore:
    case Verb::restore_undo: return before;
    }
    std::unreachable();
}

// What the request says to the life cycle; most phases have no edge for it and go on to where they meet what is wanted.
Event event_of(const Record& record, Verb verb) {
    switch (verb) {
    case Verb::start:
        if (record.phase == Phase::stopped) return Event::start_asked;
        return record.phase == Phase::backup_failed && game_up(record) ? Event::went_on : Event::resume_asked;
    case Verb::pause: return Event::pause_asked;
    case Verb::stop: return Event::stop_asked;
    case Verb::remove: return record.phase == Phase::stopped ? Event::delete_asked : Event::stop_asked;
    case Verb::restart: return Event::restart_asked;
    case Verb::restore:
    case Verb::restore_undo: return Event::restore_asked;
    case Verb::create:
    case Verb::backup: return Event::retry_due;
    }
    std::unreachable();
}

bool moves_phase(const Record& record, Verb verb) {
    if (verb == Verb::create || verb == Verb::backup) return false;
    // A game that is down in backup_failed needs no stop ladder: its disk waits to be saved, and the retry does that.
    if (record.phase == Phase::backup_failed && !game_up(record) && verb != Verb::start) return false;
    return next(record.phase, event_of(record, verb)).has_value();
}

std::string names(const std::vector<Verb>& verbs) {
    std::vector<std::string_view> list;
    for (const auto verb : verbs) list.push_back(name_of(verb));
    return fmt::format("{}", fmt::join(list, ", "));
}

Refusal refusal_of(const Record& record, Verb verb) {
    auto allowed = allowed_verbs(record);
    const bool busy = works_on(record, Verb::backup) || restores(record);
    auto detail =
        fmt::format("'{}' is not possible while server '{}' is in phase '{}'{}; possible now: {}", name_of(verb), record.id, name_of(record.phase),
                    busy ? " and a backup or restore is under way" : "", allowed.empty() ? "nothing" : names(allowed));
    return {.code = busy ? "busy" : "illegal_transition", .detail = std::move(detail), .allowed = std::move(allowed)};
}

void take(Record& record, Request request, Time now) {
    if (record.request && record.request->operation != request.operation) record.superseded.push_back(record.request->operation);
    const auto verb = request.verb;
    const bool same_phase_same_work = !moves_phase(record, verb);
    record.wanted = wanted_after(verb, record.wanted);
    record.given_up = false;
    record.not_before.reset();
    const bool starts_afresh = verb == Verb::start || verb == Verb::restart || verb == Verb::restore || verb == Verb::restore_undo;
    if (starts_afresh) record.crashes.clear();
    if (verb == Verb::start || verb == Verb::restart) record.last_start = Start{.cause = request.cause, .asked_at = now};
    if (verb == Verb::start && request.cause.kind == Cause::Kind::knock) record.knocks.push_back(now);
    std::erase_if(record.knocks, [now](Time at) { return at + std::chrono::hours(24) <= now; });
    if (verb == Verb::restore_undo) request.snapshot = record.undo;
    if (!same_phase_same_work) move(record, event_of(record, verb), now);
    else if (verb == Verb::backup) set_progress(record, Progress::none, now);
    record.request = std::move(request);
    record.updated_at = now;
}

}  // namespace

Judgement judge(const Record& record, const Request& request) {
    switch (request.verb) {
    case Verb::start: return judge_start(record);
    case Verb::pause: return judge_pause(record, request.force);
    case Verb::stop: return judge_stop(record, request.force);
    case Verb::remove: return judge_remove(record, request);
    case Verb::restart: return judge_restart(record);
    case Verb::create: return Judgement::accepted;
    case Verb::backup: return judge_at_rest_or_running(record, false);
    case Verb::restore: return judge_at_rest_or_running(record, true);
    case Verb::restore_undo: return record.undo ? judge_at_rest_or_running(record, true) : Judgement::refused;
    }
    std::unreachable();
}

std::vector<Verb> allowed_verbs(const Record& record) {
    std::vector<Verb> allowed;
    for (const auto verb : {Verb::start, Verb::pause, Verb::stop, Verb::restart, Verb::remove, Verb::backup, Verb::restore, Verb::restore_undo}) {
        Request request;
        request.verb = verb;
        if (judge(record, request) == Judgement::accepted) allowed.push_back(verb);
    }
    return allowed;
}

Result<Taken, Refusal> take_request(Record record, Request request, Time now) {
    if (request.verb == Verb::restore && !request.snapshot) {
        return std::unexpected(Refusal{.code = "no_snapshot", .detail = "a restore names the snapshot to restore", .allowed = allowed_verbs(record)});
    }
    switch (judge(record, request)) {
    case Judgement::refused: return std::unexpected(refusal_of(record, request.verb));
    case Judgement::already_holds: return Taken{.record = std::move(record), .changed = false};
    case Judgement::accepted: break;
    }
    take(record, std::move(request), now);
    return Taken{.record = std::move(record), .changed = true};
}

void stand_behind_edge(Record& record, std::optional<int> shift, bool own_address) {
    record.own_network = shift && own_address && record.slot < own_loopbacks_count;
    if (!shift && record.applied_exposure) {
        record.behind_edge = record.applied_exposure->kind == Exposure::Kind::edge;
        return;
    }
    // Where there never was an edge, others decide what is bound.
    if (!shift && !record.behind_edge) return;
    record.behind_edge = shift.has_value();
    for (auto& port : record.ports) {
        if (!port.internal) port.bound = static_cast<Port>(std::to_underlying(port.open) + shift.value_or(0));
    }
}

std::string loopback_of(const Record& record) { return record.own_network ? own_loopback(record.slot) : "127.0.0.1"; }

}  // namespace gk::server
