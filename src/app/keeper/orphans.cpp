#include "app/keeper/orphans.hpp"

#include <algorithm>
#include <utility>

#include "app/keeper/failures.hpp"
#include "base/log.hpp"
#include "domain/fleet/server_uid.hpp"

namespace gk::app {
namespace {

bool is_known(const std::vector<server::Record>& records, ServerUid uid) {
    return std::ranges::find(records, uid, &server::Record::uid) != records.end();
}

bool is_worked_on(const std::vector<server::Record>& records, const Operation& operation) {
    const auto at = std::ranges::find(records, operation.server, &server::Record::uid);
    if (at == records.end()) return false;
    if (at->request && at->request->operation == operation.id) return true;
    return std::ranges::find(at->superseded, operation.id) != at->superseded.end();
}

Halt halt_of_runtime(const RuntimeError& error) {
    const auto kind = error.kind == RuntimeError::Kind::refused ? Halt::Kind::fenced : Halt::Kind::trouble;
    return {.kind = kind, .detail = error.detail};
}

}  // namespace

Task<Result<Success, Halt>> Orphans::sweep(std::vector<server::Record> records) {
    CO_TRY_OK(co_await sweep_operations(records));
    CO_TRY_OK(co_await sweep_ports(records));
    co_return co_await sweep_runtime(records);
}

Task<Result<Success, Halt>> Orphans::sweep_runtime(const std::vector<server::Record>& records) {
    const auto there = co_await ports_.runtime.list();
    if (!there) co_return std::unexpected(halt_of_runtime(there.error()));
    const auto now = ports_.clock.now();
    std::erase_if(seen_, [&](const auto& it) { return is_known(records, it.first) || std::ranges::find(*there, it.first) == there->end(); });
    for (const auto uid : *there) {
        if (is_known(records, uid) || fleet::is_match_server(uid)) continue;
        const auto at = seen_.try_emplace(uid, Sighting{.since = now, .reported = false}).first;
        if (now - at->second.since < limits_.orphan_grace) continue;
        CO_TRY(deleted, co_await was_deleted(uid));
        if (deleted) CO_TRY_OK(co_await remove(uid));
        else if (!std::exchange(seen_[uid].reported, true)) CO_TRY_OK(co_await report(uid));
    }
    co_return Success{};
}

// A create that was interrupted between its reservation and its record.
Task<Result<Success, Halt>> Orphans::sweep_ports(const std::vector<server::Record>& records) {
    const auto held = co_await ports_.port_map.list();
    if (!held) co_return std::unexpected(Halt{.kind = Halt::Kind::trouble, .detail = held.error().detail});
    const auto now = ports_.clock.now();
    const auto is_held = [&](ServerUid uid) { return std::ranges::find(*held, uid, &PortMap::Reservation::server) != held->end(); };
    std::erase_if(idle_ports_, [&](const auto& it) { return is_known(records, it.first) || !is_held(it.first); });
    for (const auto& reservation : *held) {
        const auto uid = reservation.server;
        if (is_known(records, uid) || fleet::is_match_server(uid)) continue;
        const auto since = idle_ports_.try_emplace(uid, now).first->second;
        if (now - since < limits_.port_grace) continue;
        const auto record = co_await ports_.store.get(uid);
        if (record) continue;
        if (record.error().kind != StoreError::Kind::not_found) co_return std::unexpected(halt_of(record.error()));
        const auto released = co_await ports_.port_map.release(uid);
        if (!released) co_return std::unexpected(Halt{.kind = Halt::Kind::trouble, .detail = released.error().detail});
        log::info("keeper", "gave back the ports of a server that was never made", {{"server", uid}});
    }
    co_return Success{};
}

// Its record is not there, asked once more, and an operation deleted it.
Task<Result<bool, Halt>> Orphans::was_deleted(ServerUid uid) {
    const auto record = co_await ports_.store.get(uid);
    if (record) co_return false;
    if (record.error().kind != StoreError::Kind::not_found) co_return std::unexpected(halt_of(record.error()));
    Ledger::OperationFilter filter;
    filter.server = uid;
    const auto operations = co_await ports_.ledger.operations(filter);
    if (!operations) co_return std::unexpected(halt_of(operations.error()));
    co_return std::ranges::any_of(*operations,
                                  [](const Operation& it) { return it.verb == server::Verb::remove && it.status == Operation::Status::succeeded; });
}

Task<Result<Success, Halt>> Orphans::remove(ServerUid uid) {
    log::warning("keeper", "removed what was left of a deleted server", {{"server", uid}});
    for (int part = 0; part < 4; ++part) {
        auto call = part == 0   ? ports_.runtime.kill(uid, epoch_)
                    : part == 1 ? ports_.runtime.clean(uid, epoch_)
                    : part == 2 ? ports_.runtime.free_disk(uid, epoch_)
                                : ports_.runtime.forget(uid, epoch_);
        const auto answer = co_await std::move(call);
        if (!answer && answer.error().kind != RuntimeError::Kind::not_found) co_return std::unexpected(halt_of_runtime(answer.error()));
    }
    co_return Success{};
}

Task<Result<Success, Halt>> Orphans::report(ServerUid uid) {
    log::error("keeper", "found a world that no record knows", {{"server", uid}});
    Notice notice{.kind = "unknown_world",
                  .server = uid,
                  .subject = "A world is here that no record knows",
                  .text = "The machine holds the world " + uid.text() +
                          ", but no server has it. It is left as it is. The usual cause is a database that was lost or put back from an older copy: "
                          "run 'gamekeeper recover', or remove its directory when it is really not needed."};
    co_await ports_.notifier.notify(std::move(notice));
    co_return Success{};
}

// The API stores the operation before the record that names it. When it dies in between, nobody works on the operation. A delete ends after its
// record: when we die in between, it was done.
Task<Result<Success, Halt>> Orphans::sweep_operations(const std::vector<server::Record>& records) {
    Ledger::OperationFilter filter;
    filter.unfinished_only = true;
    auto unfinished = co_await ports_.ledger.operations(filter);
    if (!unfinished) co_return std::unexpected(halt_of(unfinished.error()));
    const auto now = ports_.clock.now();
    for (auto& operation : *unfinished) {
        const auto grace = operation.created_at < began_ ? limits_.inherited_grace : limits_.orphan_grace;
        if (now - operation.created_at < grace || is_worked_on(records, operation)) continue;
        const auto record = co_await ports_.store.get(operation.server);
        if (!record && record.error().kind != StoreError::Kind::not_found) co_return std::unexpected(halt_of(record.error()));
        std::vector<server::Record> fresh;
        if (record) fresh.push_back(*record);
        if (is_worked_on(fresh, operation)) continue;
        operation.finished_at = now;
        // A world that was kept may have been adopted since then: the same uid, and another server.
        const bool is_gone = !record || record->created_at > operation.created_at;
        if (is_gone && operation.verb == server::Verb::remove) {
            operation.status = Operation::Status::succeeded;
        } else {
            operation.status = Operation::Status::failed;
            operation.error = Problem{.code = "interrupted", .detail = "it was not taken on before the control plane stopped; ask again"};
        }
        const auto stored = co_await ports_.ledger.put(operation, epoch_);
        if (!stored) co_return std::unexpected(halt_of(stored.error()));
    }
    co_return Success{};
}

}  // namespace gk::app
