#include "app/keeper/hands.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "app/event.hpp"
#include "app/keeper/failures.hpp"
#include "base/bytes.hpp"
#include "base/log.hpp"

namespace gk::app {
namespace {

constexpr std::size_t rendered_file_bytes_max = 1 << 20;

const server::Outcome success{};

DiskSpec disk_of(const server::Record& record) { return {.size = record.resources.disk, .slot = record.slot}; }

std::vector<std::byte> to_bytes(const std::string& text) {
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

// For calls whose only answer is that they were done. `not_found` is as good: what was to go is gone.
Hands::Answer done(Runtime::Answer<Success> call) {
    const auto answer = co_await std::move(call);
    if (!answer && answer.error().kind != RuntimeError::Kind::not_found) co_return judged(answer.error());
    co_return success;
}
// For calls that need what they work on.
Hands::Answer strictly(Runtime::Answer<Success> call) {
    const auto answer = co_await std::move(call);
    if (!answer) co_return judged(answer.error());
    co_return success;
}

vault::Snapshot uploading(ServerUid server, SnapshotId id, Time created_at) {
    vault::Snapshot snapshot;
    snapshot.id = id;
    snapshot.server = server;
    snapshot.created_at = created_at;
    return snapshot;
}

Value snapshot_data(const vault::Snapshot& snapshot) {
    auto data = Value::object({{"snapshot", snapshot.id.text()},
                               {"status", name_of(snapshot.status)},
                               {"consistency", name_of(snapshot.consistency)},
                               {"trigger", name_of(snapshot.trigger)}});
    if (!snapshot.reason.empty()) data.set("reason", snapshot.reason);
    return data;
}

}  // namespace

Hands::Answer Hands::carry_out(server::Record record, server::Step step) {
    const auto chosen = [&](const auto& it) { return act(record, it); };
    co_return co_await std::visit(chosen, step);
}

Hands::Answer Hands::act(const server::Record&, const server::Transition&) { co_return success; }

Hands::Answer Hands::act(const server::Record& record, const server::Validate&) {
    if (const auto spec = ports_.games.launch_spec(record); !spec) co_return judged(spec.error());
    co_return success;
}

// What the vault holds and we do not know, for example after the database was lost, is listed as not yet proven.
Hands::Answer Hands::act(const server::Record& record, const server::CheckBackup&) {
    auto entries = co_await ports_.vault.list(record.uid);
    if (!entries && entries.error().kind == VaultError::Kind::not_found) co_return success;
    if (!entries) co_return judged(entries.error());
    const auto known = co_await ports_.ledger.snapshots(record.uid);
    if (!known) co_return std::unexpected(halt_of(known.error()));
    std::ranges::sort(*entries, {}, &VaultEntry::created_at);
    server::Outcome outcome;
    for (const auto& entry : *entries) {
        if (std::ranges::find(*known, entry.id, &vault::Snapshot::id) != known->end()) continue;
        auto snapshot = uploading(record.uid, entry.id, entry.created_at);
        snapshot.consistency = entry.consistency;
        snapshot.trigger = entry.trigger;
        snapshot.engine_id = entry.engine_id;
        CO_TRY_OK(co_await list_in_catalogue(std::move(snapshot)));
        outcome.found = true;
    }
    if (!outcome.found && !entries->empty()) {
        co_return failure(server::Failure::Kind::damaged, "backups_damaged",
                          "the vault has backups of this world, and none of them can be read back; nothing is created in their place");
    }
    co_return outcome;
}

Hands::Answer Hands::act(const server::Record& record, const server::CreateDisk&) {
    return strictly(ports_.runtime.create_disk(record.uid, disk_of(record), epoch_));
}
Hands::Answer Hands::act(const server::Record& record, const server::WriteDefaults&) { return write_files(record); }
Hands::Answer Hands::act(const server::Record& record, const server::Prepare&) { return write_files(record); }

Hands::Answer Hands::act(const server::Record& record, const server::FetchFiles&) {
    const auto fetched = co_await ports_.games.fetch_files(record);
    if (!fetched) co_return judged(fetched.error());
    server::Outcome outcome;
    outcome.under_way = *fetched == GameBook::Fetch::under_way;
    co_return outcome;
}

Hands::Answer Hands::write_files(const server::Record& record) {
    std::map<std::string, std::string> present;
    for (const auto& path : ports_.games.files_to_read(record)) {
        const auto content = co_await ports_.files.read(record.uid, path, rendered_file_bytes_max);
        if (content) present.emplace(path, as_text(*content));
        else if (content.error().kind != FilesError::Kind::not_found) co_return judged(content.error());
    }
    const auto files = ports_.games.files_to_write(record, present);
    if (!files) co_return judged(files.error());
    for (const auto& file : *files) {
        auto content = to_bytes(file.content);
        const auto written = co_await ports_.files.write(record.uid, file.path, std::move(content));
        if (!written) co_return judged(written.error());
    }
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::StageDisk&) {
    return strictly(ports_.runtime.stage_disk(record.uid, disk_of(record), epoch_));
}
Hands::Answer Hands::act(const server::Record& record, const server::RestoreToStage& step) {
    const auto restored = co_await ports_.vault.restore_to_stage(record.uid, step.snapshot.engine_id, record.slot, epoch_);
    if (!restored) co_return judged(restored.error());
    co_return success;
}
Hands::Answer Hands::act(const server::Record& record, const server::CommitStaged&) {
    return strictly(ports_.runtime.commit_staged(record.uid, epoch_));
}
Hands::Answer Hands::act(const server::Record& record, const server::DiscardStaged&) {
    return done(ports_.runtime.discard_staged(record.uid, epoch_));
}

Hands::Answer Hands::act(const server::Record& record, const server::Launch&) {
    auto spec = ports_.games.launch_spec(record);
    if (!spec) co_return judged(spec.error());
    co_return co_await strictly(ports_.runtime.launch(std::move(*spec), epoch_));
}
Hands::Answer Hands::act(const server::Record& record, const server::OpenPorts& step) {
    PortOwner owner{.uid = record.uid, .space = record.space, .id = record.id, .exposure = step.exposure};
    auto ports = co_await ports_.port_map.reserve(std::move(owner), ports_.games.port_wishes(record), record.ports);
    if (!ports) co_return judged(ports.error());
    server::Outcome opened;
    opened.ports = std::move(*ports);
    if (record.phase != server::Phase::running) co_return opened;
    auto host = co_await ports_.runtime.host_of(record.uid);
    if (!host) co_return judged(host.error());
    opened.host = std::move(*host);
    co_return opened;
}
// On one machine an address is public as soon as the game binds its reserved ports.
Hands::Answer Hands::act(const server::Record& record, const server::PublishAddress&) {
    auto host = co_await ports_.runtime.host_of(record.uid);
    if (!host) co_return judged(host.error());
    server::Outcome published;
    published.host = std::move(*host);
    co_return published;
}

Hands::Answer Hands::act(const server::Record& record, const server::TellPlayers& step) {
    auto line = fmt::format("{} {}", ports_.games.announcement(record).command, step.text);
    const auto told = co_await ports_.runtime.command(record.uid, std::move(line), epoch_);
    if (!told) co_return judged(told.error());
    co_return success;
}

Hands::Answer Hands::act(const server::Record&, const server::ProbeVault&) {
    const auto probed = co_await ports_.vault.probe();
    if (!probed) co_return judged(probed.error());
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::BeginSnapshot& step) {
    auto snapshot = uploading(record.uid, step.saving.id, step.saving.begun_at);
    snapshot.consistency = step.saving.consistency;
    snapshot.trigger = step.saving.trigger;
    CO_TRY_OK(co_await list_in_catalogue(std::move(snapshot)));
    co_return success;
}

// True when the game holds still. A game that cannot, or does not, is saved as it runs; the snapshot says so.
Task<bool> Hands::quiesce(ServerUid uid) {
    const auto held = co_await ports_.runtime.quiesce(uid, epoch_);
    co_return held.has_value();
}

Hands::Answer Hands::act(const server::Record& record, const server::TakeSnapshot& step) {
    auto listed = co_await entry(record.uid, step.saving.id);
    if (!listed && listed.error().detail.empty()) {
        co_return failure(server::Failure::Kind::damaged, "not_listed", "the catalogue has lost this snapshot");
    }
    if (!listed) co_return std::unexpected(listed.error());
    auto& snapshot = *listed;
    const bool running = step.saving.consistency != vault::Consistency::at_rest;
    const bool still = running && co_await quiesce(record.uid);
    if (running) snapshot.consistency = still ? vault::Consistency::quiesced : vault::Consistency::live;
    SnapshotOrder order{.server = record.uid,
                        .epoch = epoch_,
                        .id = snapshot.id,
                        .consistency = snapshot.consistency,
                        .trigger = snapshot.trigger,
                        .excludes = ports_.games.snapshot_excludes(record),
                        .record = Value::object({{"server", to_value(record)}, {"definition", ports_.games.definition(record)}})};
    const auto taken = co_await ports_.vault.take(std::move(order));
    server::Outcome outcome;
    if (running) {
        // Whatever came of it, the game must write again.
        const auto resumed = co_await ports_.runtime.resume(record.uid, epoch_);
        outcome.still_quiesced = !resumed && resumed.error().kind != RuntimeError::Kind::not_found;
    }
    if (!taken) {
        CO_TRY(failed, judged(taken.error()));
        outcome.failure = std::move(failed.failure);
        co_return outcome;
    }
    snapshot.engine_id = taken->engine_id;
    snapshot.bytes = taken->bytes;
    snapshot.files = taken->files;
    CO_TRY_OK(co_await list_in_catalogue(std::move(snapshot)));
    co_return outcome;
}

Hands::Answer Hands::act(const server::Record& record, const server::VerifySnapshot& step) {
    auto snapshot = step.snapshot;
    const auto verified = co_await ports_.vault.verify(record.uid, snapshot.engine_id);
    const bool is_damaged = !verified && (verified.error().kind == VaultError::Kind::corrupt || verified.error().kind == VaultError::Kind::not_found);
    if (!verified && !is_damaged) co_return judged(verified.error());
    snapshot.status = verified ? vault::SnapshotStatus::complete : vault::SnapshotStatus::failed;
    if (!verified) snapshot.reason = verified.error().detail;
    CO_TRY_OK(co_await list_in_catalogue(snapshot));
    CO_TRY_OK(co_await announce(record, snapshot));
    if (!verified) co_return judged(verified.error());
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::CloseSnapshot& step) {
    auto snapshot = co_await entry(record.uid, step.snapshot);
    // An entry that is gone, or was decided before our last crash, needs nothing more.
    if (!snapshot && snapshot.error().detail.empty()) co_return success;
    if (!snapshot) co_return std::unexpected(snapshot.error());
    if (snapshot->status != vault::SnapshotStatus::uploading) co_return success;
    snapshot->status = vault::SnapshotStatus::failed;
    snapshot->reason = step.why.detail;
    CO_TRY_OK(co_await list_in_catalogue(*snapshot));
    CO_TRY_OK(co_await announce(record, *snapshot));
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::Resume&) { return done(ports_.runtime.resume(record.uid, epoch_)); }
Hands::Answer Hands::act(const server::Record& record, const server::StopGame&) { return done(ports_.runtime.stop(record.uid, epoch_)); }
Hands::Answer Hands::act(const server::Record& record, const server::Kill&) { return done(ports_.runtime.kill(record.uid, epoch_)); }
Hands::Answer Hands::act(const server::Record& record, const server::CleanRun&) { return done(ports_.runtime.clean(record.uid, epoch_)); }
Hands::Answer Hands::act(const server::Record& record, const server::FreeDisk&) { return done(ports_.runtime.free_disk(record.uid, epoch_)); }

Hands::Answer Hands::act(const server::Record& record, const server::KeepWorld&) {
    const auto snapshots = co_await ports_.ledger.snapshots(record.uid);
    if (!snapshots) co_return std::unexpected(halt_of(snapshots.error()));
    // Not only what was proven: of a world that was deleted by force somebody may still get something back.
    if (server::newest_complete(*snapshots) == nullptr) {
        const auto left = co_await ports_.vault.list(record.uid);
        if (!left && left.error().kind != VaultError::Kind::not_found) co_return judged(left.error());
        if (!left || left->empty()) co_return co_await clear_catalogue(record.uid);
    }
    const auto now = ports_.clock.now();
    KeptWorld world{.uid = record.uid,
                    .id = record.id,
                    .space = record.space,
                    .record = to_value(record),
                    .deleted_at = now,
                    .until = now + limits_.keep_deleted};
    const auto kept = co_await ports_.ledger.put(std::move(world), epoch_);
    if (!kept) co_return std::unexpected(halt_of(kept.error()));
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::PurgeVault&) {
    const auto removed = co_await ports_.vault.remove_repository(record.uid, epoch_);
    if (!removed && removed.error().kind != VaultError::Kind::not_found) co_return judged(removed.error());
    co_return co_await clear_catalogue(record.uid);
}

// Nothing is in the vault: entries about tries that failed would stay for ever.
Hands::Answer Hands::clear_catalogue(ServerUid uid) {
    const auto snapshots = co_await ports_.ledger.snapshots(uid);
    if (!snapshots) co_return std::unexpected(halt_of(snapshots.error()));
    for (const auto& snapshot : *snapshots) {
        const auto gone = co_await ports_.ledger.remove(uid, snapshot.id, epoch_);
        if (!gone && gone.error().kind != StoreError::Kind::not_found) co_return std::unexpected(halt_of(gone.error()));
    }
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::Forget&) {
    CO_TRY(forgotten, co_await done(ports_.runtime.forget(record.uid, epoch_)));
    if (forgotten.failure) co_return forgotten;
    const auto released = co_await ports_.port_map.release(record.uid);
    if (!released) co_return failure(server::Failure::Kind::unavailable, "ports_unavailable", released.error().detail);
    co_return success;
}

Hands::Answer Hands::act(const server::Record& record, const server::RemoveRecord&) {
    const auto removed = co_await ports_.store.remove(record.uid, record.version);
    if (!removed && removed.error().kind != StoreError::Kind::not_found) co_return std::unexpected(halt_of(removed.error()));
    // Once more: who began anew since then holds the ports of every record again. What fails here, the search for orphans does later (orphans.cpp).
    std::ignore = co_await ports_.port_map.release(record.uid);
    // A crash of ours right here leaves it unfinished: the search for orphans ends it.
    const std::optional<Problem> none;
    if (record.request) CO_TRY_OK(co_await end_operation(record.request->operation, Operation::Status::succeeded, none, Value()));
    co_return success;
}

Hands::Answer Hands::act(const server::Record&, const server::Finish& step) {
    const auto status = step.problem ? Operation::Status::failed : Operation::Status::succeeded;
    Value result;
    if (step.snapshot) result = Value::object({{"snapshot", step.snapshot->text()}});
    CO_TRY_OK(co_await end_operation(step.operation, status, step.problem, std::move(result)));
    co_return success;
}
Hands::Answer Hands::act(const server::Record&, const server::Cancel& step) {
    Problem superseded{"superseded", "a newer request took its place"};
    CO_TRY_OK(co_await end_operation(step.operation, Operation::Status::cancelled, std::move(superseded), Value()));
    co_return success;
}
Hands::Answer Hands::act(const server::Record& record, const server::Notify& step) {
    Notice notice{.kind = step.kind, .server = record.uid, .subject = "Server '" + record.id + "': " + step.kind, .text = record.message};
    co_await ports_.notifier.notify(std::move(notice));
    co_return success;
}

Hands::Answer Hands::act(const server::Record&, const server::NotePlace&) { co_return success; }
Hands::Answer Hands::act(const server::Record&, const server::NoteLoss&) { co_return success; }

// A Halt without a text means: there is no such entry.
Task<Result<vault::Snapshot, Halt>> Hands::entry(ServerUid uid, SnapshotId id) {
    const auto snapshots = co_await ports_.ledger.snapshots(uid);
    if (!snapshots) co_return std::unexpected(Halt{.kind = Halt::Kind::trouble, .detail = "catalogue: " + snapshots.error().detail});
    const auto at = std::ranges::find(*snapshots, id, &vault::Snapshot::id);
    if (at == snapshots->end()) co_return std::unexpected(Halt{});
    co_return *at;
}

Task<Result<Success, Halt>> Hands::list_in_catalogue(vault::Snapshot snapshot) {
    const auto stored = co_await ports_.ledger.put(std::move(snapshot), epoch_);
    if (!stored) co_return std::unexpected(halt_of(stored.error()));
    co_return Success{};
}

Task<Result<Success, Halt>> Hands::announce(const server::Record& record, const vault::Snapshot& snapshot) {
    const auto* type = snapshot.status == vault::SnapshotStatus::complete ? "snapshot.complete" : "snapshot.failed";
    auto event = event_about(record, ports_.clock.now(), type, snapshot_data(snapshot));
    const auto appended = co_await ports_.ledger.append(std::move(event));
    if (!appended) co_return std::unexpected(halt_of(appended.error()));
    co_return Success{};
}

Task<Result<Success, Halt>> Hands::end_operation(OperationId id, Operation::Status status, std::optional<Problem> error, Value result) {
    auto operation = co_await ports_.ledger.operation(id);
    if (!operation && operation.error().kind == StoreError::Kind::not_found) co_return Success{};
    if (!operation) co_return std::unexpected(halt_of(operation.error()));
    if (operation->is_finished()) co_return Success{};
    operation->status = status;
    operation->error = std::move(error);
    operation->result = std::move(result);
    operation->finished_at = ports_.clock.now();
    for (auto& step : operation->steps) {
        if (step.status == OperationStep::Status::running) step.status = OperationStep::Status::skipped;
    }
    auto data = Value::object({{"operation", id.text()}, {"verb", name_of(operation->verb)}, {"status", name_of(status)}});
    auto event = event_about(*operation, *operation->finished_at, "operation.finished", std::move(data));
    const auto stored = co_await ports_.ledger.put(std::move(*operation), epoch_);
    if (!stored) co_return std::unexpected(halt_of(stored.error()));
    const auto appended = co_await ports_.ledger.append(std::move(event));
    if (!appended) co_return std::unexpected(halt_of(appended.error()));
    co_return Success{};
}

}  // namespace gk::app
