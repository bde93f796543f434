#include "tests/sim/ports.hpp"

#include <algorithm>

#include "base/bytes.hpp"

namespace gk::sim {

Ledger::Answer<Success> SimLedger::put(Operation operation) {
    if (ground_.plant == Plant::operation_never_ends && operation.is_finished()) co_return Success{};
    co_return co_await passage_.pass("ledger.put_operation", inner_.put(std::move(operation)));
}
Ledger::Answer<std::vector<vault::Snapshot>> SimLedger::snapshots(ServerUid server) {
    if (ground_.plant == Plant::catalogue_forgets) co_return std::vector<vault::Snapshot>();
    co_return co_await passage_.ask("ledger.snapshots", inner_.snapshots(server));
}

Runtime::Answer<Success> SimRuntime::take_effect(const char* what, ServerUid uid, Epoch epoch, Act act) {
    if (const auto admitted = ground_.admit(what, uid, epoch); !admitted) co_return admitted;
    co_return (ground_.*act)(uid);
}
Runtime::Answer<Success> SimRuntime::do_launch(server::LaunchSpec spec, Epoch epoch) {
    if (const auto admitted = ground_.admit("launch", spec.uid, epoch); !admitted) co_return admitted;
    co_return ground_.launch(spec.uid, spec.argv.back());
}
Runtime::Answer<Success> SimRuntime::fence(Epoch epoch) {
    co_await passage_.wait("fence");
    passage_.took_over(epoch);
    co_return ground_.fence(epoch);
}
Runtime::Answer<Seen> SimRuntime::observe(ServerUid uid) { return passage_.ask("observe", see(uid)); }
Runtime::Answer<std::vector<ServerUid>> SimRuntime::see_all() {
    std::vector<ServerUid> all;
    for (const auto& [uid, cell] : ground_.cells) {
        if (cell.disk || cell.staged || cell.process != Seen::Process::gone) all.push_back(uid);
    }
    co_return all;
}
Runtime::Answer<std::vector<ServerUid>> SimRuntime::list() { return passage_.ask("runtime.list", see_all()); }

Runtime::Answer<Success> SimRuntime::discard_staged(ServerUid uid, Epoch epoch) {
    co_await passage_.wait("discard_staged");
    if (const auto admitted = ground_.admit("discard_staged", uid, epoch); !admitted) co_return admitted;
    ground_.cells[uid].staged = false;
    co_return Success{};
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
Vault::Answer<Success> SimVault::do_remove(ServerUid server) {
    if (ground_.vault_down) co_return std::unexpected(away());
    if (const auto record = ground_.record(server); record && !(record->request && record->request->purge)) {
        ground_.breach("a repository was removed that nobody asked to purge");
    }
    ground_.vault.erase(server);
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
    if (path == "settings") ground_.write_settings(server, std::string(as_text(content)));
    else ground_.write_defaults(server);
    co_return Success{};
}

Result<server::LaunchSpec, app::Error> ToyBook::launch_spec(const server::Record& record) const {
    server::LaunchSpec spec;
    spec.uid = record.uid;
    spec.slot = record.slot;
    spec.argv = {"toy", text_of(record.settings)};
    spec.stop = {server::StopRung()};
    return spec;
}
Result<std::vector<app::WorldFile>, app::Error> ToyBook::files_to_write(const server::Record& record,
                                                                        const std::map<std::string, std::string>& present) const {
    std::vector<app::WorldFile> files{{.path = "settings", .content = text_of(record.settings)}};
    if (!present.contains("world.cfg")) files.push_back({.path = "world.cfg", .content = "x"});
    return files;
}

}  // namespace gk::sim
