#include "tests/sim/ports.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "domain/server/counted_version.hpp"

namespace gk::sim {

Task<Result<server::Version, StoreError>> SimStore::create(server::Record record) {
    if (ground_.plant == Plant::acknowledged_too_early) co_return server::counted(1);
    co_return co_await passage_.pass("store.create", do_create(passage_.take_ahead(), std::move(record)));
}
Task<Result<server::Version, StoreError>> SimStore::replace(server::Record record) {
    if (ground_.plant == Plant::phase_skipped && record.phase == server::Phase::address_allocation) record.phase = server::Phase::running;
    if (ground_.plant == Plant::last_write_wins) {
        if (const auto stored = ground_.record(record.uid)) record.version = stored->version;
    }
    co_return co_await passage_.pass("store.replace", do_replace(passage_.take_ahead(), std::move(record)));
}
Task<Result<server::Version, StoreError>> SimStore::do_create(Ahead ahead, server::Record record) {
    co_await write(std::move(ahead));
    co_return co_await inner_.create(std::move(record));
}
Task<Result<server::Version, StoreError>> SimStore::do_replace(Ahead ahead, server::Record record) {
    co_await write(std::move(ahead));
    co_return co_await inner_.replace(std::move(record));
}
Task<void> SimStore::write(Ahead ahead) {
    for (auto& operation : ahead) std::ignore = co_await ledger_.put_ahead(std::move(operation));
}

// Where no machine has one to be fenced, what writes files or restores for a keeper ends when the next one takes its number (README, "Assumed").
Ledger::Answer<Epoch> SimLedger::next_epoch() {
    auto epoch = co_await passage_.pass("ledger.next_epoch", inner_.next_epoch());
    if (!epoch || beside_ == Beside::records) co_return epoch;
    passage_.took_over(*epoch);
    std::ignore = ground_.fence(*epoch);
    co_return epoch;
}
Ledger::Answer<Success> SimLedger::put_ahead(Operation operation) {
    if (beside_ == Beside::elsewhere) return passage_.pass("ledger.put_ahead", do_put_ahead(std::move(operation)));
    passage_.put_ahead(std::move(operation));
    return done();
}
Ledger::Answer<Success> SimLedger::do_put_ahead(Operation operation) {
    auto stored = co_await inner_.put_ahead(std::move(operation));
    ground_.state->store_ahead();
    co_return stored;
}
Ledger::Answer<Success> SimLedger::done() { co_return Success{}; }

Ledger::Answer<Success> SimLedger::put(Operation operation, WrittenBy by) {
    if (ground_.plant == Plant::operation_never_ends && operation.is_finished()) co_return Success{};
    co_return co_await write("ledger.put_operation", by, inner_.put(std::move(operation), shown(by)));
}
Ledger::Answer<std::optional<IdempotentReply>> SimLedger::remember(std::string scope, std::string key, IdempotentReply reply, Time now) {
    if (ground_.plant == Plant::key_forgotten) co_return std::nullopt;
    co_return co_await passage_.pass("ledger.remember", inner_.remember(std::move(scope), std::move(key), std::move(reply), now));
}
Ledger::Answer<std::vector<vault::Snapshot>> SimLedger::snapshots(ServerUid server) {
    if (ground_.plant == Plant::catalogue_forgets) co_return std::vector<vault::Snapshot>();
    co_return co_await passage_.ask("ledger.snapshots", inner_.snapshots(server));
}
Ledger::Answer<Success> SimLedger::put(KeptWorld world, WrittenBy by) {
    if (ground_.plant == Plant::kept_world_forgotten) co_return Success{};
    if (ground_.plant == Plant::kept_time_cut_short) world.until = Time();
    co_return co_await write("ledger.put_kept", by, inner_.put(std::move(world), shown(by)));
}

PortMap::Answer<std::vector<server::PortBinding>> SimPortMap::do_reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                                         std::vector<server::PortBinding> before) {
    const auto server = owner.uid;
    auto bindings = co_await inner_.reserve(std::move(owner), std::move(wishes), std::move(before));
    if (ground_.plant == Plant::ports_freed_early) std::ignore = co_await inner_.release(server);
    co_return bindings;
}
PortMap::Answer<Success> SimPortMap::do_release(ServerUid server) {
    ground_.release_ports(server);
    if (ground_.plant == Plant::ports_never_freed) co_return Success{};
    co_return co_await inner_.release(server);
}

Runtime::Answer<Success> SimRuntime::command(const char* what, ServerUid uid, Epoch epoch, Ground::Effect (Ground::*act)(ServerUid)) {
    Letter letter{.what = what, .uid = uid, .epoch = epoch, .act = [act](Ground& ground, ServerUid to) { return (ground.*act)(to); }};
    return passage_.send(std::move(letter));
}
Runtime::Answer<Success> SimRuntime::launch(server::LaunchSpec spec, Epoch epoch) {
    Letter letter{.what = "launch", .uid = spec.uid, .epoch = epoch, .act = [settings = spec.argv.back()](Ground& ground, ServerUid to) {
                      return ground.launch(to, settings);
                  }};
    return passage_.send(std::move(letter));
}
Runtime::Answer<Success> SimRuntime::fence(Epoch epoch) {
    co_await passage_.wait("fence");
    passage_.took_over(epoch);
    co_return ground_.fence(epoch);
}
Runtime::Answer<std::string> SimRuntime::type(ServerUid uid, std::string line, Epoch epoch) {
    if (const auto admitted = ground_.admit("command", uid, epoch); !admitted) co_return std::unexpected(admitted.error());
    co_return ground_.type(uid, line);
}
Runtime::Answer<Seen> SimRuntime::see(ServerUid uid) { co_return ground_.observe(uid); }
Runtime::Answer<std::vector<ServerUid>> SimRuntime::see_all() {
    std::vector<ServerUid> all;
    for (const auto& [uid, cell] : ground_.cells) {
        if (cell.is_something()) all.push_back(uid);
    }
    co_return all;
}

Vault::Answer<Success> SimVault::do_probe() {
    if (ground_.vault_down) co_return std::unexpected(away());
    co_return Success{};
}
Vault::Answer<TakenSnapshot> SimVault::do_take(SnapshotOrder order) {
    if (ground_.vault_down) co_return std::unexpected(away());
    if (const auto* engine = ground_.engine_of(order.server, order.id)) co_return TakenSnapshot{.engine_id = *engine, .bytes = 1000, .files = 10};
    const auto before = ground_.cells[order.server];
    if (!before.disk) co_return std::unexpected(VaultError{VaultError::Kind::unreadable, "there is no world"});
    ground_.sync_world(order.server);
    // Reading a world takes a while. Dying in it leaves an upload without a snapshot.
    co_await passage_.wait("vault reads");
    co_return ground_.keep(order, before);
}
Vault::Answer<Success> SimVault::do_verify(ServerUid server, std::string engine_id) {
    if (ground_.vault_down) co_return std::unexpected(away());
    const auto& repository = ground_.vault[server];
    const auto at = repository.find(engine_id);
    if (at == repository.end()) co_return std::unexpected(VaultError{VaultError::Kind::not_found, "there is no such snapshot"});
    if (at->second.spoiled && ground_.plant != Plant::skip_verify)
        co_return std::unexpected(VaultError{VaultError::Kind::corrupt, "a pack is damaged"});
    co_return Success{};
}
Vault::Answer<Success> SimVault::do_restore(ServerUid server, std::string engine_id) {
    if (ground_.vault_down) co_return std::unexpected(away());
    const auto& repository = ground_.vault[server];
    const auto at = repository.find(engine_id);
    if (at == repository.end()) co_return std::unexpected(VaultError{VaultError::Kind::not_found, "there is no such snapshot"});
    // As for files: what restores for a keeper ends before a newer one takes over.
    if (ground_.is_fenced(passage_.epoch())) co_return std::unexpected(away());
    const auto content = at->second.content;
    ground_.cells[server].stage = Content{.mark = content.mark ^ 1, .whole = false};  // Half of it.
    co_await passage_.wait("vault writes");
    if (ground_.is_fenced(passage_.epoch())) co_return std::unexpected(away());
    if (ground_.plant != Plant::half_restore) ground_.cells[server].stage = content;
    co_return Success{};
}
Vault::Answer<std::vector<VaultEntry>> SimVault::do_list(ServerUid server) {
    if (ground_.vault_down) co_return std::unexpected(away());
    const auto repository = ground_.vault.find(server);
    if (repository == ground_.vault.end()) co_return std::unexpected(VaultError{VaultError::Kind::not_found, "there is no repository"});
    std::vector<VaultEntry> entries;
    for (const auto& [engine, it] : repository->second) {
        entries.push_back({.id = it.id, .engine_id = engine, .created_at = it.created_at, .consistency = it.consistency, .trigger = it.trigger});
    }
    co_return entries;
}
Vault::Answer<std::vector<ServerUid>> SimVault::do_repositories() {
    if (ground_.vault_down) co_return std::unexpected(away());
    std::vector<ServerUid> all;
    for (const auto& [uid, repository] : ground_.vault) all.push_back(uid);
    co_return all;
}
Vault::Answer<Success> SimVault::do_forget(ServerUid server, std::vector<std::string> engine_ids) {
    if (ground_.vault_down) co_return std::unexpected(away());
    ground_.prune(server, engine_ids);
    co_return Success{};
}
Vault::Answer<Success> SimVault::do_remove(ServerUid server) {
    if (ground_.vault_down) co_return std::unexpected(away());
    ground_.remove_repository(server);
    co_return Success{};
}

Files::Answer<std::vector<std::byte>> SimFiles::do_read(ServerUid server) {
    const auto& cell = ground_.cells[server];
    if (!cell.disk) co_return std::unexpected(FilesError{FilesError::Kind::unavailable, "there is no disk"});
    if (!cell.live.whole) co_return std::unexpected(FilesError{FilesError::Kind::not_found, "there is no such file"});
    co_return std::vector<std::byte>(3);
}
Files::Answer<Success> SimFiles::do_write(ServerUid server, std::string path, std::vector<std::byte> content) {
    // Files carry no epoch: what serves them ends with the life that opened it, and a newer keeper starts only then (README, "Assumed").
    if (ground_.is_fenced(passage_.epoch())) co_return std::unexpected(FilesError{FilesError::Kind::unavailable, "a newer keeper is at work"});
    if (!ground_.cells[server].disk) co_return std::unexpected(FilesError{FilesError::Kind::unavailable, "there is no disk"});
    if (ground_.fault_dice.chance(ground_.faults.disk_full)) co_return std::unexpected(FilesError{FilesError::Kind::no_space, "the disk is full"});
    if (path == "settings") ground_.write_settings(server, std::string(as_text(content)));
    else ground_.write_defaults(server);
    co_return Success{};
}

// One value is accepted by the catalogue and fits no launch, as a definition that has changed since would do.
Result<server::LaunchSpec, app::Error> ToyBook::launch_spec(const server::Record& record) const {
    const auto slots = record.settings.find("slots");
    if (slots != record.settings.end() && slots->second == Value(13)) {
        return std::unexpected(app::Error{.kind = app::Error::Kind::unprocessable, .code = "unlucky", .message = "thirteen slots fit no launch"});
    }
    server::LaunchSpec spec;
    spec.uid = record.uid;
    spec.slot = record.slot;
    spec.argv = {"toy", text_of(record.settings)};
    spec.stop = {server::StopRung()};
    spec.image = server::Image{.reference = "toy"};
    return spec;
}
Result<std::vector<app::WorldFile>, app::Error> ToyBook::files_to_write(const server::Record& record,
                                                                        const std::map<std::string, std::string>& present) const {
    std::vector<app::WorldFile> files{{.path = "settings", .content = text_of(record.settings)}};
    if (!present.contains("world.cfg")) files.push_back({.path = "world.cfg", .content = "x"});
    return files;
}

}  // namespace gk::sim
