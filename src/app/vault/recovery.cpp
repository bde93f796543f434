#include "app/vault/recovery.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"

namespace gk::app {
namespace {

vault::Snapshot complete(ServerUid uid, const VaultEntry& entry) {
    vault::Snapshot snapshot;
    snapshot.id = entry.id;
    snapshot.server = uid;
    snapshot.status = vault::SnapshotStatus::complete;
    snapshot.consistency = entry.consistency;
    snapshot.trigger = entry.trigger;
    snapshot.created_at = entry.created_at;
    snapshot.engine_id = entry.engine_id;
    return snapshot;
}

// Snapshots hold {"server": record, "definition": game}.
Result<server::Record, VaultError> record_from(const Value& document) {
    const auto* member = document.find("server");
    server::Record record;
    Errors errors;
    if (member != nullptr && decode(*member, "/server", errors, record)) return record;
    const auto detail =
        errors.empty() ? "there is no record in it" : fmt::format("{}: {}", errors.list().front().pointer, errors.list().front().detail);
    return std::unexpected(VaultError{VaultError::Kind::corrupt, detail});
}

}  // namespace

server::Record as_recovered(const server::Record& saved, SnapshotId newest, Time now) {
    server::Record record;
    record.uid = saved.uid;
    record.id = saved.id;
    record.space = saved.space;
    record.tenant = saved.tenant;
    record.game = saved.game;
    record.package = saved.package;
    record.resources = saved.resources;
    record.settings = saved.settings;
    record.labels = saved.labels;
    record.schedules = saved.schedules;
    record.backup_every = saved.backup_every;
    record.launch = record.applied_launch = saved.launch;
    record.wake = saved.wake;
    record.idle = saved.idle;
    record.exposure = record.applied_exposure = saved.exposure;
    record.behind_edge = server::kind_of(saved.exposure) == server::Exposure::Kind::edge;
    record.secrets = saved.secrets;
    record.slot = saved.slot;
    record.phase_since = now;
    record.message = "rebuilt from its backups";
    record.last_snapshot = newest;
    record.created_at = saved.created_at;
    record.updated_at = now;
    return record;
}

Task<Result<std::vector<Recovery::Found>, Error>> Recovery::run() {
    auto servers = co_await ports_.vault.repositories();
    if (!servers) co_return std::unexpected(from(servers.error()));
    std::vector<Found> all;
    for (const auto uid : *servers) {
        CO_TRY(found, co_await recover(uid));
        all.push_back(std::move(found));
    }
    co_return all;
}

Task<Result<Recovery::Found, Error>> Recovery::recover(ServerUid uid) {
    Found found{.uid = uid, .space = {}, .id = {}, .outcome = Found::Outcome::lost, .snapshot = {}, .detail = {}};
    const auto known = co_await ports_.store.get(uid);
    if (!known && known.error().kind != StoreError::Kind::not_found) co_return std::unexpected(from(known.error()));
    if (known) {
        found.space = known->space;
        found.id = known->id;
        found.outcome = Found::Outcome::known;
        co_return found;
    }
    auto proven = co_await prove(uid);
    if (!proven) {
        found.detail = proven.error().detail;
        co_return found;
    }
    auto record = as_recovered(proven->record, proven->snapshots.back().id, ports_.clock.now());
    record.uid = uid;
    found.space = record.space;
    found.id = record.id;
    auto saved = record;
    saved.ports = proven->record.ports;
    auto ports = co_await reserve_ports_(std::move(saved));
    if (!ports) co_return std::unexpected(std::move(ports).error());
    record.ports = std::move(*ports);
    // The catalogue first: a record without its snapshots would be taken for a server that never had a world.
    for (const auto& snapshot : proven->snapshots) {
        const auto stored = co_await ports_.ledger.put(snapshot, no_keeper);
        if (!stored) co_return std::unexpected(from(stored.error()));
    }
    const auto created = co_await ports_.store.create(std::move(record));
    if (!created && created.error().kind != StoreError::Kind::conflict) co_return std::unexpected(from(created.error()));
    found.outcome = created ? Found::Outcome::recovered : Found::Outcome::lost;
    found.detail = created ? proven->detail : created.error().detail;
    found.snapshot = proven->snapshots.back();
    log::info("vault", "server was recovered", {{"server", uid}, {"id", found.id}, {"outcome", created ? "recovered" : "conflict"}});
    co_return found;
}

Task<Result<Recovery::Proven, VaultError>> Recovery::prove(ServerUid uid) {
    CO_TRY(entries, co_await ports_.vault.list(uid));
    std::ranges::sort(entries, {}, &VaultEntry::created_at);
    Proven proven;
    VaultError last{VaultError::Kind::not_found, "the repository holds no snapshot"};
    for (const auto& entry : entries) {
        auto good = co_await ports_.vault.verify(uid, entry.engine_id);
        if (good) {
            proven.snapshots.push_back(complete(uid, entry));
            continue;
        }
        // Away is not damaged: then nothing is decided from what could not be seen.
        if (good.error().kind == VaultError::Kind::unavailable) co_return std::unexpected(std::move(good).error());
        last = std::move(good).error();
        proven.detail += fmt::format("{}snapshot {} of {} was passed over: {}", proven.detail.empty() ? "" : "; ", entry.id.text(),
                                     rfc3339(entry.created_at), last.detail);
    }
    // The newest one whose record can be read; one without a record is no use to a server that nobody knows.
    while (!proven.snapshots.empty()) {
        auto record = co_await record_in(uid, proven.snapshots.back().engine_id);
        if (record) {
            proven.record = std::move(*record);
            co_return proven;
        }
        last = std::move(record).error();
        proven.snapshots.pop_back();
    }
    co_return std::unexpected(std::move(last));
}

Task<Result<server::Record, VaultError>> Recovery::record_in(ServerUid uid, std::string engine_id) {
    CO_TRY(document, co_await ports_.vault.record_of(uid, std::move(engine_id)));
    co_return record_from(document);
}

}  // namespace gk::app
