#include "app/vault/scheduler.hpp"

#include "base/log.hpp"

namespace gk::app {

Task<void> Scheduler::run() {
    for (;;) {
        co_await round();
        co_await ports_.clock.sleep(options_.interval);
    }
}

Task<void> Scheduler::round() {
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("scheduler", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    for (auto& record : *records) co_await look_at(std::move(record));
}

Task<void> Scheduler::look_at(server::Record record) {
    if (co_await backup_is_due(record)) {
        Due backup{.server = record.uid, .action = server::Schedule::Action::backup, .command = {}};
        co_await submit_(std::move(backup));
    }
    auto firing = fire_schedules(record, ports_.clock.calendar());
    if (!firing.changed) co_return;
    // Marked before it is done: what a crash interrupts here is done once less, never twice. When somebody else has just changed the record,
    // the next round looks again.
    const auto uid = record.uid;
    const auto stored = co_await ports_.store.replace(std::move(record));
    if (!stored) {
        if (stored.error().kind != StoreError::Kind::conflict)
            log::warning("scheduler", "a schedule could not be marked", {{"server", uid}, {"detail", stored.error().detail}});
        co_return;
    }
    for (auto& due : firing.due) co_await submit_(std::move(due));
}

Task<bool> Scheduler::backup_is_due(const server::Record& record) {
    if (record.phase != server::Phase::running) {
        quiet_.forget(record.uid);
        co_return false;
    }
    const auto seen = co_await ports_.runtime.observe(record.uid);
    const auto now = ports_.clock.now();
    quiet_.saw(record.uid, seen ? seen->players.online : std::nullopt, now);
    const auto every = record.backup_every.value_or(options_.backup_every);
    if (record.started_at && now - *record.started_at < every) co_return false;
    const auto snapshots = co_await ports_.ledger.snapshots(record.uid);
    co_return snapshots&& is_backup_due(record, *snapshots, quiet_, every, now);
}

}  // namespace gk::app
