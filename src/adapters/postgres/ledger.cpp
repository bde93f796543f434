#include "adapters/postgres/ledger.hpp"

#include <algorithm>
#include <limits>

#include "adapters/postgres/document.hpp"
#include "adapters/postgres/listener.hpp"
#include "adapters/postgres/schema.hpp"
#include "domain/operation/codec.hpp"
#include "domain/vault/codec.hpp"
#include "ports/ledger_codec.hpp"

namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;
using std::to_string;

// No answer of ours needs more, and a request for everything becomes a request for much.
constexpr std::size_t rows_max = 1u << 20;

std::string number_text(Epoch epoch) { return to_string(std::to_underlying(epoch)); }
std::string number_text(Time time) { return to_string(time.time_since_epoch().count()); }
std::string limit_text(std::size_t limit) { return to_string(std::min(limit, rows_max)); }

// A key is what a client says, and need not be text of any encoding.
std::string bytea_text(std::string_view bytes) {
    return fmt::format("\\x{:02x}", fmt::join(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()), ""));
}

StoreError no_operation(OperationId id) { return {Kind::not_found, fmt::format("there is no operation {}", id.text())}; }

Statement put_operation(const char* how, const Operation& operation) {
    return {how, {operation.id.text(), operation.server.text(), operation.is_finished() ? "true" : "false", to_json(to_value(operation))}};
}
constexpr const char* add_if_new = "INSERT INTO operations (id, server, finished, document) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
constexpr const char* put_unless_ended = R"sql(
INSERT INTO operations (id, server, finished, document) VALUES ($1, $2, $3, $4)
ON CONFLICT (id) DO UPDATE SET server = excluded.server, finished = excluded.finished, document = excluded.document
WHERE operations.finished <= excluded.finished)sql";

// Takes the place of one whose time is over; two that come at once wait for one another at the row.
constexpr const char* remember_reply = R"sql(
INSERT INTO replies (scope, key, request_digest, operation, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (scope, key) DO UPDATE SET request_digest = excluded.request_digest, operation = excluded.operation, at = excluded.at
WHERE replies.at <= $6 RETURNING true)sql";
// Rows that somebody else is at are left to the next call: nobody waits for anybody here.
constexpr const char* forget_replies = R"sql(
DELETE FROM replies WHERE (scope, key) IN
    (SELECT scope, key FROM replies WHERE at <= $1 ORDER BY at LIMIT 100 FOR UPDATE SKIP LOCKED))sql";

constexpr const char* append_event = R"sql(
WITH next AS (UPDATE last_event SET number = number + 1 RETURNING number)
INSERT INTO events (number, document) SELECT number, $1 FROM next RETURNING number)sql";

// The next number of the server, which stays used when the snapshot goes; or the one that the snapshot has, or says.
constexpr const char* put_snapshot = R"sql(
WITH known AS (SELECT sequence FROM snapshots WHERE id = $1),
next AS (
    INSERT INTO snapshot_sequences AS it (server, last)
    SELECT $2::uuid, greatest(1, $3::bigint) WHERE $3::bigint > 0 OR NOT EXISTS (SELECT FROM known)
    ON CONFLICT (server) DO UPDATE SET last = CASE WHEN $3::bigint > 0 THEN greatest(it.last, $3::bigint) ELSE it.last + 1 END
    RETURNING last)
INSERT INTO snapshots (id, server, sequence, document)
VALUES ($1, $2, CASE WHEN $3::bigint > 0 THEN $3::bigint ELSE coalesce((SELECT sequence FROM known), (SELECT last FROM next)) END, $4)
ON CONFLICT (id) DO UPDATE SET server = excluded.server, sequence = excluded.sequence, document = excluded.document
RETURNING sequence)sql";

Result<std::vector<Event>, StoreError> read_events(const Rows& rows) {
    TRY(all, read_documents<Event>("events", rows));
    for (int row = 0; row < rows.size(); ++row) all[static_cast<std::size_t>(row)].number = static_cast<std::uint64_t>(rows.number(row, 0));
    return std::move(all);
}

}  // namespace

PostgresLedger::PostgresLedger(boost::asio::any_io_executor loop, Clock& clock, Options options)
    : loop_(loop),
      clock_(clock),
      pool_(loop, clock, std::move(options)),
      watchers_(loop) {}

Ledger::Answer<std::unique_ptr<PostgresLedger>> PostgresLedger::open(boost::asio::any_io_executor loop, Clock& clock, Options options) {
    std::unique_ptr<PostgresLedger> ledger(new PostgresLedger(loop, clock, std::move(options)));
    CO_TRY_OK(co_await migrate_in_time(loop, clock, ledger->pool_));
    co_return ledger;
}

Task<void> PostgresLedger::run() {
    Listener listener(loop_, clock_, pool_, {.listen = "LISTEN gamekeeper_events", .what = "events"},
                      [this](std::string_view) { watchers_.notify(); });
    co_await listener.run();
}

Ledger::Answer<Rows> PostgresLedger::ask(const char* sql, std::vector<std::string> values) {
    std::vector<Statement> statements;
    statements.push_back({sql, std::move(values)});
    CO_TRY(answers, co_await pool_.read(std::move(statements)));
    co_return std::move(answers.front());
}

Ledger::Answer<std::vector<Rows>> PostgresLedger::write(WrittenBy by, std::vector<Statement> statements) {
    if (by) statements.insert(statements.begin(), Statement{"SELECT check_epoch($1)", {number_text(*by)}});
    CO_TRY(answers, co_await pool_.write(std::move(statements)));
    if (by) answers.erase(answers.begin());
    co_return std::move(answers);
}

Ledger::Answer<Success> PostgresLedger::change(WrittenBy by, const char* sql, std::vector<std::string> values) {
    std::vector<Statement> statements;
    statements.push_back({sql, std::move(values)});
    CO_TRY_OK(co_await write(by, std::move(statements)));
    co_return Success{};
}

Ledger::Answer<Epoch> PostgresLedger::next_epoch() {
    std::vector<Statement> statements;
    statements.push_back({"UPDATE epoch SET number = number + 1 RETURNING number", {}});
    CO_TRY(answers, co_await write(no_keeper, std::move(statements)));
    if (answers.front().empty()) co_return std::unexpected(corrupt_row("epoch", "it is missing"));
    co_return static_cast<Epoch>(answers.front().number(0, 0));
}

Ledger::Answer<Success> PostgresLedger::put(Operation operation, WrittenBy by) {
    auto statement = put_operation(put_unless_ended, operation);
    return change(by, statement.sql, std::move(statement.values));
}

Ledger::Answer<Success> PostgresLedger::put_ahead(Operation operation) {
    auto statement = put_operation(add_if_new, operation);
    return change(no_keeper, statement.sql, std::move(statement.values));
}

Ledger::Answer<Operation> PostgresLedger::operation(OperationId id) {
    std::vector<std::string> values{id.text()};
    CO_TRY(rows, co_await ask("SELECT id, document FROM operations WHERE id = $1", std::move(values)));
    if (rows.empty()) co_return std::unexpected(no_operation(id));
    co_return read_document<Operation>("operation " + id.text(), rows.text(0, 1));
}

Ledger::Answer<std::vector<Operation>> PostgresLedger::operations(OperationFilter filter) {
    auto before = std::numeric_limits<std::int64_t>::max();
    if (filter.after) {
        std::vector<std::string> values{filter.after->text()};
        CO_TRY(place, co_await ask("SELECT number FROM operations WHERE id = $1", std::move(values)));
        if (place.empty()) co_return std::unexpected(no_operation(*filter.after));
        before = place.number(0, 0);
    }
    std::vector<std::string> values{to_string(before), limit_text(filter.limit)};
    const char* sql = "SELECT id, document FROM operations WHERE number < $1 ORDER BY number DESC LIMIT $2";
    if (filter.unfinished_only) sql = "SELECT id, document FROM operations WHERE number < $1 AND NOT finished ORDER BY number DESC LIMIT $2";
    if (filter.server) {
        sql = "SELECT id, document FROM operations WHERE number < $1 AND server = $3 AND finished <= $4 ORDER BY number DESC LIMIT $2";
        values.push_back(filter.server->text());
        values.emplace_back(filter.unfinished_only ? "false" : "true");
    }
    CO_TRY(rows, co_await ask(sql, std::move(values)));
    co_return read_documents<Operation>("operations", rows);
}

Ledger::Answer<std::optional<IdempotentReply>> PostgresLedger::remember(std::string scope, std::string key, IdempotentReply reply, Time now) {
    const auto cutoff = number_text(now - pool_.options().replies_kept);
    scope = bytea_text(scope);
    key = bytea_text(key);
    std::vector<Statement> statements;
    statements.push_back({remember_reply, {scope, key, reply.request_digest, reply.operation.text(), number_text(now), cutoff}});
    statements.push_back({"SELECT request_digest, operation FROM replies WHERE scope = $1 AND key = $2", {scope, key}});
    statements.push_back({forget_replies, {cutoff}});
    CO_TRY(answers, co_await write(no_keeper, std::move(statements)));
    if (!answers[0].empty()) co_return std::nullopt;
    const auto& known = answers[1];
    if (known.empty()) co_return std::unexpected(StoreError{Kind::unavailable, "a reply to an Idempotency-Key went while it was read"});
    const auto operation = OperationId::parse(known.text(0, 1));
    if (!operation) co_return std::unexpected(corrupt_row("reply to an Idempotency-Key", "it names no operation"));
    co_return IdempotentReply{.request_digest = std::string(known.text(0, 0)), .operation = *operation};
}

Ledger::Answer<std::uint64_t> PostgresLedger::append(Event event) {
    std::vector<Statement> statements;
    statements.push_back({append_event, {to_json(to_value(event))}});
    statements.push_back(
        {"DELETE FROM events WHERE number <= (SELECT number FROM last_event) - $1::bigint", {to_string(pool_.options().events_kept)}});
    statements.push_back({"NOTIFY gamekeeper_events", {}});
    CO_TRY(answers, co_await write(no_keeper, std::move(statements)));
    if (answers.front().empty()) co_return std::unexpected(corrupt_row("number of the last event", "it is missing"));
    watchers_.notify();
    co_return static_cast<std::uint64_t>(answers.front().number(0, 0));
}

Ledger::Answer<std::vector<Event>> PostgresLedger::events_after(std::uint64_t number, std::size_t limit) {
    const auto first = std::min<std::uint64_t>(number, std::numeric_limits<std::int64_t>::max());
    std::vector<std::string> values{to_string(first), limit_text(limit)};
    CO_TRY(rows, co_await ask("SELECT number, document FROM events WHERE number > $1 ORDER BY number LIMIT $2", std::move(values)));
    co_return read_events(rows);
}

Ledger::Answer<vault::Snapshot> PostgresLedger::put(vault::Snapshot snapshot, WrittenBy by) {
    std::vector<Statement> statements;
    statements.push_back({put_snapshot, {snapshot.id.text(), snapshot.server.text(), to_string(snapshot.sequence), to_json(to_value(snapshot))}});
    CO_TRY(answers, co_await write(by, std::move(statements)));
    if (answers.front().empty()) co_return std::unexpected(StoreError{Kind::unavailable, "PostgreSQL did not say which number a snapshot has"});
    snapshot.sequence = answers.front().number(0, 0);
    co_return snapshot;
}

Ledger::Answer<std::vector<vault::Snapshot>> PostgresLedger::snapshots(ServerUid server) {
    std::vector<std::string> values{server.text()};
    CO_TRY(rows, co_await ask("SELECT id, document, sequence FROM snapshots WHERE server = $1 ORDER BY sequence DESC", std::move(values)));
    CO_TRY(all, read_documents<vault::Snapshot>("snapshots", rows));
    for (int row = 0; row < rows.size(); ++row) all[static_cast<std::size_t>(row)].sequence = rows.number(row, 2);
    co_return std::move(all);
}

Ledger::Answer<Success> PostgresLedger::remove(ServerUid server, SnapshotId id, WrittenBy by) {
    std::vector<std::string> values{server.text(), id.text()};
    return change(by, "DELETE FROM snapshots WHERE server = $1 AND id = $2", std::move(values));
}

Ledger::Answer<Success> PostgresLedger::put(ApiKey key) {
    std::vector<std::string> values{key.id.text(), to_json(to_value(key))};
    return change(no_keeper, "INSERT INTO keys (id, document) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET document = excluded.document",
                  std::move(values));
}

Ledger::Answer<std::vector<ApiKey>> PostgresLedger::keys() {
    CO_TRY(rows, co_await ask("SELECT id, document FROM keys"));
    CO_TRY(all, read_documents<ApiKey>("keys", rows));
    std::ranges::sort(all, {}, [](const ApiKey& key) { return std::pair(key.created_at, key.id); });
    co_return std::move(all);
}

Ledger::Answer<Success> PostgresLedger::put(KeptWorld world, WrittenBy by) {
    std::vector<std::string> values{world.uid.text(), to_json(to_value(world))};
    return change(by, "INSERT INTO kept_worlds (uid, document) VALUES ($1, $2) ON CONFLICT (uid) DO UPDATE SET document = excluded.document",
                  std::move(values));
}

Ledger::Answer<std::vector<KeptWorld>> PostgresLedger::kept_worlds() {
    CO_TRY(rows, co_await ask("SELECT uid, document FROM kept_worlds"));
    CO_TRY(all, read_documents<KeptWorld>("kept_worlds", rows));
    std::ranges::sort(all, {}, [](const KeptWorld& world) { return std::pair(world.deleted_at, world.uid); });
    co_return std::move(all);
}

Ledger::Answer<Success> PostgresLedger::remove_kept(ServerUid uid, WrittenBy by) {
    std::vector<std::string> values{uid.text()};
    return change(by, "DELETE FROM kept_worlds WHERE uid = $1", std::move(values));
}

Ledger::Answer<std::optional<std::string>> PostgresLedger::fact(std::string name) {
    std::vector<std::string> values{std::move(name)};
    CO_TRY(rows, co_await ask("SELECT value FROM facts WHERE name = $1", std::move(values)));
    if (rows.empty()) co_return std::nullopt;
    co_return std::string(rows.text(0, 0));
}

Ledger::Answer<Success> PostgresLedger::set_fact(std::string name, std::string value, WrittenBy by) {
    std::vector<std::string> values{std::move(name), std::move(value)};
    return change(by, "INSERT INTO facts (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", std::move(values));
}

}  // namespace gk::postgres
