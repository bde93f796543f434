#include "app/vault/care.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"

namespace gk::app {
namespace {

constexpr std::string_view sampled_fact = "vault.sampled";  // "<time of the last sample> <turn>"
constexpr std::string_view expired_reason = "expired";

struct Sampled {
    Time at{};
    std::uint64_t turn = 0;
};

Sampled parse_sampled(const std::optional<std::string>& fact) {
    Sampled sampled;
    const auto words = split(fact ? std::string_view(*fact) : std::string_view(), ' ');
    if (words.size() != 2) return sampled;
    sampled.at = parse_rfc3339(words[0]).value_or(Time{});
    std::from_chars(words[1].data(), words[1].data() + words[1].size(), sampled.turn);
    return sampled;
}

// Snapshots that something under way refers to.
std::set<SnapshotId> in_use_by(const server::Record& record) {
    std::set<SnapshotId> ids;
    if (record.last_snapshot) ids.insert(*record.last_snapshot);
    if (record.request && record.request->snapshot) ids.insert(*record.request->snapshot);
    if (record.saving) ids.insert(record.saving->id);
    if (record.staged) ids.insert(record.staged->snapshot);
    if (record.undo) ids.insert(*record.undo);
    return ids;
}

}  // namespace

Task<void> VaultCare::run() {
    for (;;) {
        co_await expire_snapshots();
        co_await expire_kept_worlds();
        co_await sample_when_due();
        co_await ports_.clock.sleep(options_.interval);
    }
}

Task<void> VaultCare::expire_snapshots() {
    auto records = co_await ports_.store.list();
    if (!records) co_return;
    for (auto& record : *records) co_await expire_snapshots_of(std::move(record));
}

Task<void> VaultCare::expire_snapshots_of(server::Record record) {
    const auto snapshots = co_await ports_.ledger.snapshots(record.uid);
    if (!snapshots) co_return;
    const auto expired = vault::choose_expired(*snapshots, options_.retention, in_use_by(record), ports_.clock.now());
    std::vector<vault::Snapshot> doomed;
    for (const auto& snapshot : *snapshots) {
        const bool goes = std::ranges::find(expired.snapshots, snapshot.id) != expired.snapshots.end() ||
                          std::ranges::find(expired.leftovers, snapshot.id) != expired.leftovers.end() || snapshot.reason == expired_reason;
        if (goes) doomed.push_back(snapshot);
    }
    if (doomed.empty()) co_return;
    if (!co_await remove_from_vault(record.uid, doomed)) co_return;
    for (const auto& snapshot : doomed) {
        if (!co_await ports_.ledger.remove(record.uid, snapshot.id, ports_.tenure.epoch())) co_return;
    }
    log::info("vault", "old snapshots were removed", {{"server", record.uid}, {"count", doomed.size()}});
}

Task<bool> VaultCare::remove_from_vault(ServerUid server, std::vector<vault::Snapshot> doomed) {
    std::vector<std::string> engine_ids;
    for (auto& snapshot : doomed) {
        if (!snapshot.engine_id.empty()) engine_ids.push_back(snapshot.engine_id);
        snapshot.status = vault::SnapshotStatus::failed;
        snapshot.reason = expired_reason;
        if (!co_await ports_.ledger.put(snapshot, ports_.tenure.epoch())) co_return false;
    }
    if (engine_ids.empty()) co_return true;
    const auto forgotten = co_await ports_.vault.forget(server, std::move(engine_ids), ports_.tenure.epoch());
    if (!forgotten) log::warning("vault", "old snapshots could not be removed", {{"server", server}, {"detail", forgotten.error().detail}});
    co_return forgotten.has_value();
}

Task<void> VaultCare::expire_kept_worlds() {
    auto kept = co_await ports_.ledger.kept_worlds();
    if (!kept) co_return;
    for (auto& world : *kept) {
        // Whoever adopted it at the last moment has stored the server by then.
        if (world.until + options_.adoption_grace > ports_.clock.now()) continue;
        if (!co_await expire(std::move(world))) co_return;
    }
}

// Nothing of it stays, the entry that says so goes last. False when the stores do not answer.
Task<bool> VaultCare::expire(KeptWorld world) {
    // A server may have been made over the kept world meanwhile; then the repository is its own again.
    const auto owner = co_await ports_.store.get(world.uid);
    if (!owner && owner.error().kind != StoreError::Kind::not_found) co_return true;
    if (!owner) {
        const auto removed = co_await ports_.vault.remove_repository(world.uid, ports_.tenure.epoch());
        if (!removed) {
            log::warning("vault", "a kept world could not be removed", {{"server", world.uid}, {"detail", removed.error().detail}});
            co_return true;
        }
        const auto snapshots = co_await ports_.ledger.snapshots(world.uid);
        if (!snapshots) co_return false;
        for (const auto& snapshot : *snapshots) {
            if (!co_await ports_.ledger.remove(world.uid, snapshot.id, ports_.tenure.epoch())) co_return false;
        }
        log::info("vault", "the world of a deleted server was removed", {{"server", world.uid}, {"id", world.id}});
    }
    const auto forgotten = co_await ports_.ledger.remove_kept(world.uid, ports_.tenure.epoch());
    co_return forgotten.has_value();
}

Task<void> VaultCare::sample_when_due() {
    const auto fact = co_await ports_.ledger.fact(std::string(sampled_fact));
    const auto now = ports_.clock.now();
    if (!fact) co_return;
    const auto last = parse_sampled(*fact);
    // A time in the future comes from a clock that was put back.
    if (last.at <= now && now - last.at < options_.sample_every) co_return;
    const auto servers = co_await ports_.vault.repositories();
    if (!servers) co_return;
    for (const auto server : *servers) co_await sample(server, last.turn + 1);
    auto text = fmt::format("{} {}", rfc3339(now), last.turn + 1);
    const auto stored = co_await ports_.ledger.set_fact(std::string(sampled_fact), std::move(text), ports_.tenure.epoch());
    if (!stored) log::warning("vault", "the sample could not be noted", {{"detail", stored.error().detail}});
}

Task<void> VaultCare::sample(ServerUid server, std::uint64_t turn) {
    const auto good = co_await ports_.vault.sample(server, options_.sample_percent, turn);
    if (good) co_return;
    log::error("vault", "a sample of the backups failed", {{"server", server}, {"detail", good.error().detail}});
    if (good.error().kind != VaultError::Kind::corrupt) co_return;
    Notice notice{
        .kind = "vault_damaged",
        .server = server,
        .subject = "Backups are damaged",
        .text = fmt::format("Reading a part of the backups of server {} found damage: {}. The next backup stores again what can be stored; older "
                            "snapshots may have lost files. Check the disk of the vault.",
                            server.text(), good.error().detail)};
    co_await ports_.notifier.notify(std::move(notice));
}

}  // namespace gk::app
