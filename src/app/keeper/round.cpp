#include "app/keeper/round.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "app/keeper/failures.hpp"
#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

server::Observation observation_of(const Seen& seen) {
    using Process = server::Observation::Process;
    static_assert(static_cast<int>(Process::unknown) == static_cast<int>(Seen::Process::unknown));
    return {.disk = seen.disk == Seen::Disk::present,
            .staged = seen.staged,
            .process = static_cast<Process>(seen.process),
            .exit = seen.exit,
            .started_at = seen.started_at,
            .quiesced = seen.quiesced,
            .obstacle = seen.obstacle,
            .disk_lost = seen.disk_lost,
            .leave = seen.leave,
            .disk_tied = seen.disk_tied,
            .players = seen.players.online};
}

Milliseconds ladder_time(const server::LaunchSpec& spec) {
    Milliseconds total{0};
    for (const auto& rung : spec.stop) total += rung.wait;
    return total;
}

RoundEnd end_of(const Halt& halt) {
    const auto kind = halt.kind == Halt::Kind::fenced ? RoundEnd::Kind::fenced : RoundEnd::Kind::trouble;
    return {.kind = kind, .wake_at = {}, .detail = halt.detail};
}
RoundEnd trouble(std::string detail) { return {.kind = RoundEnd::Kind::trouble, .wake_at = {}, .detail = std::move(detail)}; }

template <class... Kinds>
bool is_one_of(const server::Step& step) {
    return (std::holds_alternative<Kinds>(step) || ...);
}

// Whether a step may be made before what came of the steps before it is stored: a crash in between then only repeats it. It changes nothing outside
// the record; or it makes a world of which the stored record says that nothing is there yet that could be lost.
bool runs_ahead(const server::Record& stored, const server::Step& step) {
    if (is_one_of<server::Transition, server::Validate, server::CheckBackup, server::PublishAddress>(step)) return true;
    return !stored.world_complete && is_one_of<server::CreateDisk, server::WriteDefaults, server::Prepare>(step);
}

// A plan that goes in a circle is stored, and seen, all the same.
constexpr std::size_t changes_max = 20;

// A game that takes longer to be ready is shown as starting.
constexpr Milliseconds quick_start{5000};

bool says_the_same(const server::Record& one, server::Record other) {
    other.updated_at = one.updated_at;
    return one == other;
}

}  // namespace

class Round::Listening {
public:
    Listening(std::map<ServerUid, async::Signal>& news, ServerUid uid) : news_(news), uid_(uid) { news_.try_emplace(uid); }
    ~Listening() { news_.erase(uid_); }
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

private:
    std::map<ServerUid, async::Signal>& news_;
    ServerUid uid_;
};

Task<RoundEnd> Round::run(ServerUid uid) {
    auto record = co_await ports_.store.get(uid);
    if (!record && record.error().kind == StoreError::Kind::not_found) {
        journal_.forget(uid);
        told_.erase(uid);
        co_return RoundEnd{.kind = RoundEnd::Kind::gone, .wake_at = {}, .detail = {}};
    }
    if (!record) co_return trouble(record.error().detail);
    if (const auto told = co_await journal_.notice(*record); !told) co_return end_of(told.error());
    Draft draft{.stored = *record, .record = *record, .changes = {}};
    co_return co_await work(std::move(draft));
}

Task<RoundEnd> Round::work(Draft draft) {
    std::optional<Listening> listening;
    do {
        const auto plan = co_await look(draft.record);
        if (!plan && draft.changes.empty()) co_return end_of(plan.error());
        if (!plan) break;
        if (!plan->step && draft.changes.empty()) co_return RoundEnd{.kind = RoundEnd::Kind::idle, .wake_at = plan->wake_at, .detail = {}};
        if (!plan->step) {
            if (!listening || !co_await may_get_ready(draft)) break;
            continue;
        }
        const auto& step = *plan->step;
        const bool is_ahead = limits_.share_writes && runs_ahead(draft.stored, step);
        if (!is_ahead && !draft.changes.empty()) break;
        // From before the launch, so that nothing is missed.
        if (limits_.share_writes && is_one_of<server::Launch>(step)) listening.emplace(news_, draft.record.uid);
        auto after = co_await make(draft.record, step);
        if (!after) co_return end_of(after.error());
        if (std::holds_alternative<server::RemoveRecord>(step)) co_return RoundEnd{.kind = RoundEnd::Kind::again, .wake_at = {}, .detail = {}};
        draft.changes.push_back({.before = draft.record, .after = *after, .step = step});
        draft.record = std::move(*after);
        if (!is_ahead && !listening) break;
    } while (draft.changes.size() < changes_max);
    co_return co_await store(std::move(draft));
}

Task<bool> Round::may_get_ready(const Draft& draft) {
    if (draft.record.phase != server::Phase::starting) co_return false;
    auto heard = news_[draft.record.uid].wait();
    const auto is_heard = co_await async::finishes_by(ports_.clock, draft.record.phase_since + quick_start, std::move(heard));
    if (!is_heard) co_return false;
    const auto now = co_await ports_.store.get(draft.record.uid);
    co_return now && now->version == draft.stored.version;
}

void Round::heard(ServerUid uid) {
    if (const auto at = news_.find(uid); at != news_.end()) at->second.raise();
}

Task<Result<server::Plan, Halt>> Round::look(server::Record record) {
    CO_TRY(known, co_await facts(record));
    co_return server::plan(record, known, limits_.server, ports_.clock.now());
}

Task<Result<server::Facts, Halt>> Round::facts(const server::Record& record) {
    auto snapshots = co_await ports_.ledger.snapshots(record.uid);
    if (!snapshots) co_return std::unexpected(halt_of(snapshots.error()));
    const auto seen = co_await ports_.runtime.observe(record.uid);
    if (!seen) {
        const auto kind = seen.error().kind == RuntimeError::Kind::refused ? Halt::Kind::fenced : Halt::Kind::trouble;
        co_return std::unexpected(Halt{.kind = kind, .detail = seen.error().detail});
    }
    server::Facts facts;
    facts.seen = observation_of(*seen);
    facts.snapshots = std::move(*snapshots);
    facts.spare_id = ports_.random.id<SnapshotId>();
    facts.game_files = ports_.games.has_files(record);
    // A definition that does not render any more does not shorten the patience with a game that runs.
    const auto spec = ports_.games.launch_spec(record);
    facts.start_timeout = spec ? spec->ready.timeout : server::ReadyProbe().timeout;
    facts.stop_timeout = spec ? ladder_time(*spec) : server::StopRung().wait;
    const auto announcement = ports_.games.announcement(record);
    facts.notice = announcement.command.empty() ? Milliseconds(0) : announcement.before;
    if (record.phase != server::Phase::running) told_.erase(record.uid);
    if (const auto told = told_.find(record.uid); told != told_.end()) facts.told_at = told->second;
    co_return facts;
}

Task<Result<server::Record, Halt>> Round::make(server::Record record, server::Step step) {
    CO_TRY_OK(co_await journal_.begin(record, step));
    CO_TRY(outcome, co_await hands_.carry_out(record, step));
    if (const auto* told = std::get_if<server::TellPlayers>(&step)) note_told(record.uid, told->it_leaves, !outcome.failure);
    if (outcome.failure) {
        log::warning("keeper", "step failed",
                     {{"server", record.uid},
                      {"step", server::text_of(step)},
                      {"code", outcome.failure->problem.code},
                      {"detail", outcome.failure->problem.detail}});
    }
    // The effect is there, whether or not the journal can say so now: the record comes first. Unless it is a newer keeper's to write.
    const auto ended = co_await journal_.end(record, step, outcome);
    if (!ended && ended.error().kind == Halt::Kind::fenced) co_return std::unexpected(ended.error());
    if (std::holds_alternative<server::RemoveRecord>(step)) co_return record;
    co_return server::apply(std::move(record), step, outcome, limits_.server, ports_.clock.now());
}

void Round::note_told(ServerUid uid, bool it_leaves, bool is_heard) {
    if (!it_leaves) told_.erase(uid);
    else told_.insert_or_assign(uid, is_heard ? ports_.clock.now() : Time());
}

Task<RoundEnd> Round::store(Draft draft) {
    const RoundEnd again{.kind = RoundEnd::Kind::again, .wake_at = {}, .detail = {}};
    if (says_the_same(draft.stored, draft.record)) co_return again;
    const auto stored = co_await ports_.store.replace(draft.record);
    // Somebody else, usually a request, was faster: what they wrote decides what comes next, and what was done is observed again.
    if (!stored && stored.error().kind == StoreError::Kind::conflict) co_return again;
    if (!stored && stored.error().kind == StoreError::Kind::not_found) co_return again;
    if (!stored) co_return trouble(stored.error().detail);
    for (auto& change : draft.changes) {
        if (says_the_same(change.before, change.after)) continue;
        if (change.before.phase != change.after.phase) {
            log::info("keeper", "server changed its phase",
                      {{"server", change.after.uid}, {"from", change.before.phase}, {"to", change.after.phase}, {"reason", change.after.reason}});
        }
        std::ignore = co_await journal_.tell(std::move(change.before), std::move(change.after), std::move(change.step));
    }
    co_return again;
}

}  // namespace gk::app
