#include "app/keeper/round.hpp"

#include <utility>
#include <variant>

#include "app/keeper/failures.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

server::Observation observation_of(const Seen& seen) {
    using Process = server::Observation::Process;
    static_assert(static_cast<int>(Process::exited) == static_cast<int>(Seen::Process::exited));
    return {.disk = seen.disk == Seen::Disk::present,
            .staged = seen.staged,
            .process = static_cast<Process>(seen.process),
            .exit = seen.exit,
            .started_at = seen.started_at,
            .quiesced = seen.quiesced};
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

}  // namespace

Task<RoundEnd> Round::run(ServerUid uid) {
    auto record = co_await ports_.store.get(uid);
    if (!record && record.error().kind == StoreError::Kind::not_found) {
        journal_.forget(uid);
        co_return RoundEnd{.kind = RoundEnd::Kind::gone, .wake_at = {}, .detail = {}};
    }
    if (!record) co_return trouble(record.error().detail);
    if (const auto told = co_await journal_.notice(*record); !told) co_return end_of(told.error());
    const auto plan = co_await look(*record);
    if (!plan) co_return end_of(plan.error());
    if (!plan->step) co_return RoundEnd{.kind = RoundEnd::Kind::idle, .wake_at = plan->wake_at, .detail = {}};
    co_return co_await make(std::move(*record), *plan->step);
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
    co_return facts;
}

Task<RoundEnd> Round::make(server::Record record, server::Step step) {
    if (const auto noted = co_await journal_.begin(record, step); !noted) co_return end_of(noted.error());
    auto outcome = co_await hands_.carry_out(record, step);
    if (!outcome) co_return end_of(outcome.error());
    if (outcome->failure) {
        log::warning("keeper", "step failed",
                     {{"server", record.uid},
                      {"step", server::text_of(step)},
                      {"code", outcome->failure->problem.code},
                      {"detail", outcome->failure->problem.detail}});
    }
    // The effect is there, whether or not the journal can say so now: the record comes first. Unless it is a newer keeper's to write.
    const auto ended = co_await journal_.end(record, step, *outcome);
    if (!ended && ended.error().kind == Halt::Kind::fenced) co_return end_of(ended.error());
    if (std::holds_alternative<server::RemoveRecord>(step)) co_return RoundEnd{.kind = RoundEnd::Kind::again, .wake_at = {}, .detail = {}};
    auto after = server::apply(record, step, *outcome, limits_.server, ports_.clock.now());
    co_return co_await store(std::move(record), std::move(after), std::move(step));
}

Task<RoundEnd> Round::store(server::Record before, server::Record after, server::Step step) {
    const auto updated_at = std::exchange(after.updated_at, before.updated_at);
    const RoundEnd again{.kind = RoundEnd::Kind::again, .wake_at = {}, .detail = {}};
    if (after == before) co_return again;
    after.updated_at = updated_at;
    const auto stored = co_await ports_.store.replace(after);
    // Somebody else, usually a request, was faster: what they wrote decides what comes next, and what was done is observed again.
    if (!stored && stored.error().kind == StoreError::Kind::conflict) co_return again;
    if (!stored && stored.error().kind == StoreError::Kind::not_found) co_return again;
    if (!stored) co_return trouble(stored.error().detail);
    if (before.phase != after.phase) {
        log::info("keeper", "server changed its phase",
                  {{"server", after.uid}, {"from", before.phase}, {"to", after.phase}, {"reason", after.reason}});
    }
    std::ignore = co_await journal_.tell(std::move(before), std::move(after), std::move(step));
    co_return again;
}

}  // namespace gk::app
