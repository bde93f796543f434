#include "app/watch/disk_watch.hpp"

#include <utility>

#include "app/event.hpp"
#include "base/log.hpp"
#include "domain/server/disk.hpp"

namespace gk::app {
namespace {

// In every other phase the disk is being made, filled, saved or freed.
bool is_watched(const server::Record& record) { return record.phase == server::Phase::running || record.phase == server::Phase::paused; }

Value event_data(server::DiskLevel level, const server::Usage& usage, MebiBytes given) {
    return Value::object({{"level", name_of(level)}, {"used_mib", usage.disk.count}, {"size_mib", usage.disk_size.value_or(given).count}});
}

}  // namespace

Task<void> DiskWatch::run() {
    for (;;) {
        co_await round();
        co_await ports_.clock.sleep(interval_);
    }
}

Task<void> DiskWatch::round() {
    auto records = co_await ports_.store.list();
    if (!records) {
        log::warning("disk watch", "servers could not be read", {{"detail", records.error().detail}});
        co_return;
    }
    for (auto& record : *records) {
        if (is_watched(record)) co_await look_at(std::move(record));
    }
}

Task<void> DiskWatch::look_at(server::Record record) {
    const auto usage = co_await ports_.runtime.usage(record.uid);
    if (!usage) co_return;  // What cannot be measured is neither full nor empty.
    const auto level = server::disk_level(record.disk_level, *usage, record.resources.disk);
    if (level != record.disk_level) co_return co_await note(std::move(record), level, *usage);
    // Found full a second time: by now people have been told why, and a game that only made room for a moment goes on.
    if (server::must_pause_for_disk(record)) co_await pause_(std::move(record));
}

Task<void> DiskWatch::note(server::Record record, server::DiskLevel level, server::Usage usage) {
    server::note_disk(record, level);
    record.updated_at = ports_.clock.now();
    const auto stored = co_await ports_.store.replace(record);
    if (!stored) {
        if (stored.error().kind != StoreError::Kind::conflict)
            log::warning("disk watch", "a level could not be noted", {{"server", record.uid}, {"detail", stored.error().detail}});
        co_return;
    }
    auto event = event_about(record, ports_.clock.now(), "server.disk", event_data(level, usage, record.resources.disk));
    const auto told = co_await ports_.ledger.append(std::move(event));
    if (!told) log::warning("disk watch", "an event could not be stored", {{"server", record.uid}, {"detail", told.error().detail}});
}

}  // namespace gk::app
