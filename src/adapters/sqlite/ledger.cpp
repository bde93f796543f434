#include "adapters/sqlite/ledger.hpp"

#include <limits>

#include "adapters/sqlite/digest.hpp"
#include "adapters/sqlite/document.hpp"
#include "adapters/sqlite/facts.hpp"
#include "domain/operation/codec.hpp"
#include "domain/vault/codec.hpp"
#include "ports/ledger_codec.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;
constexpr const char* keeper = "keeper";

// Documents of one table, with the digest of their id and text in the columns behind them.
std::string digest_of(std::string_view table, std::string_view id, std::string_view document) { return RowDigest(table).add(id).add(document).hex(); }

// The columns id, document, digest.
template <class T>
Result<T, StoreError> read_row(std::string_view table, const Rows& row) {
    const auto what = fmt::format("row {} of {}", row.text(0), table);
    TRY_OK(check_digest(what, row.text(2), digest_of(table, row.text(0), row.text(1))));
    return read_document<T>(what, row.text(1));
}

template <class T>
Result<std::vector<T>, StoreError> read_rows(std::string_view table, Rows rows) {
    std::vector<T> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(item, read_row<T>(table, rows));
        all.push_back(std::move(item));
    }
}

// The same work, refused under an old epoch: one transaction looks and writes.
template <class T>
Work<T> unless_fenced(WrittenBy by, Work<T> work) {
    if (!by) return work;
    return [epoch = *by, work = std::move(work)](Connection& db) -> Result<T, StoreError> {
        TRY_OK(check_epoch(db, keeper, epoch));
        return work(db);
    };
}

constexpr const char* add_if_new =
    "INSERT INTO operations (id, server, finished, document, digest) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING";
constexpr const char* put_unless_ended =
    "INSERT INTO operations (id, server, finished, document, digest) VALUES (?1, ?2, ?3, ?4, ?5) "
    "ON CONFLICT (id) DO UPDATE SET server = ?2, finished = ?3, document = ?4, digest = ?5 WHERE finished <= ?3";

Result<Success, StoreError> put_operation(Connection& db, const char* how, const Operation& operation) {
    const auto id = operation.id.text();
    const auto document = to_json(to_value(operation));
    TRY_OK(db.change(how, id, operation.server.text(), int{operation.is_finished()}, document, digest_of("operations", id, document)));
    return Success{};
}

StoreError no_operation(OperationId id) { return {Kind::not_found, fmt::format("there is no operation {}", id.text())}; }

Result<Operation, StoreError> operation_now(Connection& db, OperationId id) {
    auto rows = db.query("SELECT id, document, digest FROM operations WHERE id = ?1", id.text());
    TRY(found, rows.next());
    if (!found) return std::unexpected(no_operation(id));
    return read_row<Operation>("operations", rows);
}

Result<std::int64_t, StoreError> place_of(Connection& db, const std::optional<OperationId>& id) {
    if (!id) return std::numeric_limits<std::int64_t>::max();
    auto rows = db.query("SELECT number FROM operations WHERE id = ?1", id->text());
    TRY(found, rows.next());
    if (!found) return std::unexpected(no_operation(*id));
    return rows.number(0);
}

Result<std::vector<Operation>, StoreError> operations_now(Connection& db, const Ledger::OperationFilter& filter) {
    TRY(before, place_of(db, filter.after));
    const auto limit = static_cast<std::int64_t>(std::min<std::size_t>(filter.limit, 1u << 20));
    const int finished_most = filter.unfinished_only ? 0 : 1;
    if (filter.server) {
        return read_rows<Operation>("operations", db.query("SELECT id, document, digest FROM operations WHERE server = ?1 AND number < ?2 AND "
                                                           "finished <= ?3 ORDER BY number DESC LIMIT ?4",
                                                           filter.server->text(), before, finished_most, limit));
    }
    if (filter.unfinished_only) {
        return read_rows<Operation>(
            "operations",
            db.query("SELECT id, document, digest FROM operations WHERE finished = 0 AND number < ?1 ORDER BY number DESC LIMIT ?2", before, limit));
    }
    return read_rows<Operation>(
        "operations", db.query("SELECT id, document, digest FROM operations WHERE number < ?1 ORDER BY number DESC LIMIT ?2", before, limit));
}

std::string digest_of(std::string_view scope, std::string_view key, const std::string& request_digest, const std::string& operation, Time at) {
    return RowDigest("replies").add(scope).add(key).add(request_digest).add(operation).add(std::int64_t{at.time_since_epoch().count()}).hex();
}

Result<std::optional<IdempotentReply>, StoreError> known_reply(Connection& db, const std::string& scope, const std::string& key) {
    auto rows = db.query("SELECT request_digest, operation, at, digest FROM replies WHERE scope = ?1 AND key = ?2", scope, key);
    TRY(found, rows.next());
    if (!found) return std::nullopt;
    const auto operation = OperationId::parse(rows.text(1));
    const auto digest = digest_of(scope, key, std::string(rows.text(0)), std::string(rows.text(1)), rows.time(2));
    if (!operation || digest != rows.text(3)) return std::unexpected(corrupt_row("reply to an Idempotency-Key", "its digest does not match"));
    return IdempotentReply{.request_digest = std::string(rows.text(0)), .operation = *operation};
}

Result<std::optional<IdempotentReply>, StoreError> remember_now(Connection& db, const std::string& scope, const std::string& key,
                                                                const IdempotentReply& reply, Time now, Milliseconds kept) {
    TRY_OK(db.change("DELETE FROM replies WHERE at <= ?1", now - kept));
    TRY(known, known_reply(db, scope, key));
    if (known) return known;
    const auto operation = reply.operation.text();
    TRY_OK(db.change("INSERT INTO replies (scope, key, request_digest, operation, at, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6)", scope, key,
                     reply.request_digest, operation, now, digest_of(scope, key, reply.request_digest, operation, now)));
    return std::nullopt;
}

Result<std::uint64_t, StoreError> append_now(Connection& db, const Event& event, std::size_t kept) {
    TRY_OK(db.change("INSERT INTO events (document) VALUES (?1)", to_json(to_value(event))));
    const auto number = db.last_row();
    TRY_OK(db.change("DELETE FROM events WHERE number <= ?1", number - static_cast<std::int64_t>(kept)));
    return static_cast<std::uint64_t>(number);
}

Result<std::vector<Event>, StoreError> events_now(Connection& db, std::uint64_t after, std::size_t limit) {
    const auto first = static_cast<std::int64_t>(std::min<std::uint64_t>(after, std::numeric_limits<std::int64_t>::max()));
    auto rows = db.query("SELECT number, document FROM events WHERE number > ?1 ORDER BY number LIMIT ?2", first,
                         static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 20)));
    std::vector<Event> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(event, read_document<Event>(fmt::format("event {}", rows.number(0)), rows.text(1)));
        event.number = static_cast<std::uint64_t>(rows.number(0));
        all.push_back(std::move(event));
    }
}

// The next number of the server, which stays used when the snapshot goes; or the one that the snapshot has.
Result<std::int64_t, StoreError> sequence_for(Connection& db, const vault::Snapshot& snapshot) {
    auto rows = db.query("SELECT sequence FROM snapshots WHERE id = ?1", snapshot.id.text());
    TRY(known, rows.next());
    if (known) return rows.number(0);
    auto last = db.query("SELECT last FROM snapshot_sequences WHERE server = ?1", snapshot.server.text());
    TRY(any, last.next());
    return any ? last.number(0) + 1 : 1;
}

Result<vault::Snapshot, StoreError> put_snapshot(Connection& db, vault::Snapshot snapshot) {
    if (snapshot.sequence == 0) {
        TRY(next, sequence_for(db, snapshot));
        snapshot.sequence = next;
    }
    const auto id = snapshot.id.text();
    const auto server = snapshot.server.text();
    const auto document = to_json(to_value(snapshot));
    TRY_OK(db.change("INSERT INTO snapshot_sequences (server, last) VALUES (?1, ?2) ON CONFLICT (server) DO UPDATE SET last = max(last, ?2)", server,
                     snapshot.sequence));
    TRY_OK(
        db.change("INSERT INTO snapshots (id, server, sequence, document, digest) VALUES (?1, ?2, ?3, ?4, ?5) "
                  "ON CONFLICT (id) DO UPDATE SET server = ?2, sequence = ?3, document = ?4, digest = ?5",
                  id, server, snapshot.sequence, document, digest_of("snapshots", id, document)));
    return snapshot;
}

Result<std::vector<KeptWorld>, StoreError> kept_worlds_now(Connection& db) {
    TRY(all, read_rows<KeptWorld>("kept_worlds", db.query("SELECT uid, document, digest FROM kept_worlds")));
    std::ranges::sort(all, {}, [](const KeptWorld& world) { return std::pair(world.deleted_at, world.uid); });
    return std::move(all);
}

Result<std::vector<ApiKey>, StoreError> keys_now(Connection& db) {
    TRY(all, read_rows<ApiKey>("keys", db.query("SELECT id, document, digest FROM keys")));
    std::ranges::sort(all, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    return std::move(all);
}

// For tables of nothing but id, document and digest.
Work<Success> put_document(const char* sql, std::string_view table, std::string id, std::string document) {
    return [=](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change(sql, id, document, digest_of(table, id, document)));
        return Success{};
    };
}

}  // namespace

SqliteLedger::SqliteLedger(boost::asio::any_io_executor loop, Database& db) : SqliteLedger(std::move(loop), db, Limits()) {}

SqliteLedger::SqliteLedger(boost::asio::any_io_executor loop, Database& db, Limits limits) : db_(db), watchers_(std::move(loop)), limits_(limits) {}

Ledger::Answer<Epoch> SqliteLedger::next_epoch() {
    Work<Epoch> work = [](Connection& db) { return raise_epoch(db, keeper); };
    return db_.write(std::move(work));
}

Ledger::Answer<Success> SqliteLedger::put(Operation operation, WrittenBy by) {
    Work<Success> work = [operation = std::move(operation)](Connection& db) { return put_operation(db, put_unless_ended, operation); };
    return db_.write(unless_fenced(by, std::move(work)));
}

Ledger::Answer<Success> SqliteLedger::put_ahead(Operation operation) {
    Work<Success> work = [operation = std::move(operation)](Connection& db) { return put_operation(db, add_if_new, operation); };
    co_return db_.write_ahead(std::move(work));
}

Ledger::Answer<Operation> SqliteLedger::operation(OperationId id) {
    Work<Operation> work = [id](Connection& db) { return operation_now(db, id); };
    return db_.read(std::move(work));
}

Ledger::Answer<std::vector<Operation>> SqliteLedger::operations(OperationFilter filter) {
    Work<std::vector<Operation>> work = [filter](Connection& db) { return operations_now(db, filter); };
    return db_.read(std::move(work));
}

Ledger::Answer<std::optional<IdempotentReply>> SqliteLedger::remember(std::string scope, std::string key, IdempotentReply reply, Time now) {
    Work<std::optional<IdempotentReply>> work = [scope = std::move(scope), key = std::move(key), reply = std::move(reply), now,
                                                 kept = limits_.replies_kept](Connection& db) {
        return remember_now(db, scope, key, reply, now, kept);
    };
    return db_.write(std::move(work));
}

Ledger::Answer<std::uint64_t> SqliteLedger::append(Event event) {
    Work<std::uint64_t> work = [event = std::move(event), kept = limits_.events_kept](Connection& db) { return append_now(db, event, kept); };
    auto number = co_await db_.write(std::move(work));
    if (number) watchers_.notify();
    co_return number;
}

Ledger::Answer<std::vector<Event>> SqliteLedger::events_after(std::uint64_t number, std::size_t limit) {
    Work<std::vector<Event>> work = [number, limit](Connection& db) { return events_now(db, number, limit); };
    return db_.read(std::move(work));
}

std::shared_ptr<void> SqliteLedger::watch_events(std::function<void()> appended) { return watchers_.add(std::move(appended)); }

Ledger::Answer<vault::Snapshot> SqliteLedger::put(vault::Snapshot snapshot, WrittenBy by) {
    Work<vault::Snapshot> work = [snapshot = std::move(snapshot)](Connection& db) { return put_snapshot(db, snapshot); };
    return db_.write(unless_fenced(by, std::move(work)));
}

Ledger::Answer<std::vector<vault::Snapshot>> SqliteLedger::snapshots(ServerUid server) {
    Work<std::vector<vault::Snapshot>> work = [server](Connection& db) {
        return read_rows<vault::Snapshot>(
            "snapshots", db.query("SELECT id, document, digest FROM snapshots WHERE server = ?1 ORDER BY sequence DESC", server.text()));
    };
    return db_.read(std::move(work));
}

Ledger::Answer<Success> SqliteLedger::remove(ServerUid server, SnapshotId id, WrittenBy by) {
    Work<Success> work = [server, id](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("DELETE FROM snapshots WHERE server = ?1 AND id = ?2", server.text(), id.text()));
        return Success{};
    };
    return db_.write(unless_fenced(by, std::move(work)));
}

Ledger::Answer<Success> SqliteLedger::put(ApiKey key) {
    return db_.write(
        put_document("INSERT INTO keys (id, document, digest) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET document = ?2, digest = ?3", "keys",
                     key.id.text(), to_json(to_value(key))));
}

Ledger::Answer<std::vector<ApiKey>> SqliteLedger::keys() {
    Work<std::vector<ApiKey>> work = keys_now;
    return db_.read(std::move(work));
}

Ledger::Answer<Success> SqliteLedger::put(KeptWorld world, WrittenBy by) {
    auto work = put_document(
        "INSERT INTO kept_worlds (uid, document, digest) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (uid) DO UPDATE SET document = ?2, digest = ?3",
        "kept_worlds", world.uid.text(), to_json(to_value(world)));
    return db_.write(unless_fenced(by, std::move(work)));
}

Ledger::Answer<std::vector<KeptWorld>> SqliteLedger::kept_worlds() {
    Work<std::vector<KeptWorld>> work = kept_worlds_now;
    return db_.read(std::move(work));
}

Ledger::Answer<Success> SqliteLedger::remove_kept(ServerUid uid, WrittenBy by) {
    Work<Success> work = [uid](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("DELETE FROM kept_worlds WHERE uid = ?1", uid.text()));
        return Success{};
    };
    return db_.write(unless_fenced(by, std::move(work)));
}

Ledger::Answer<std::optional<std::string>> SqliteLedger::fact(std::string name) {
    Work<std::optional<std::string>> work = [name = std::move(name)](Connection& db) { return read_fact(db, name); };
    return db_.read(std::move(work));
}

Ledger::Answer<Success> SqliteLedger::set_fact(std::string name, std::string value, WrittenBy by) {
    Work<Success> work = [name = std::move(name), value = std::move(value)](Connection& db) { return write_fact(db, name, value); };
    return db_.write(unless_fenced(by, std::move(work)));
}

}  // namespace gk::sqlite
