#include "adapters/sqlite/schema.hpp"

#include <array>

#include <fmt/format.h>

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;

// "GKPR", so that `file` and we can tell our databases from others.
constexpr std::int64_t application_id = 0x474b5052;

// Version 1. Documents are JSON (domain/*/codec); columns beside them are what is searched for or must be unique. digest: see RowDigest.
constexpr const char* first_schema = R"sql(
CREATE TABLE servers (
    uid TEXT NOT NULL PRIMARY KEY,
    space TEXT NOT NULL,
    id TEXT NOT NULL,
    slot INTEGER NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (space, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE server_ports (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    uid TEXT NOT NULL REFERENCES servers (uid) ON DELETE CASCADE,
    PRIMARY KEY (protocol, port)
) STRICT, WITHOUT ROWID;
CREATE INDEX server_ports_by_server ON server_ports (uid);
CREATE TABLE operations (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    server TEXT NOT NULL,
    finished INTEGER NOT NULL,
    document TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;
CREATE INDEX operations_by_server ON operations (server, number);
CREATE INDEX operations_unfinished ON operations (number) WHERE finished = 0;
CREATE TABLE replies (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    operation TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_by_time ON replies (at);
CREATE TABLE events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    document TEXT NOT NULL
) STRICT;
CREATE TABLE snapshots (
    id TEXT NOT NULL PRIMARY KEY,
    server TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    document TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (server, sequence)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshot_sequences (
    server TEXT NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
    id TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE kept_worlds (
    uid TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ports (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    server TEXT NOT NULL,
    place INTEGER NOT NULL,
    role TEXT NOT NULL,
    bound INTEGER NOT NULL,
    internal INTEGER NOT NULL,
    released_at INTEGER,
    PRIMARY KEY (protocol, port)
) STRICT, WITHOUT ROWID;
CREATE INDEX ports_by_server ON ports (server, place);
)sql";

// Version 2. Who holds a port is read from the records; only what rests is nowhere else.
constexpr const char* ports_of_records = R"sql(
CREATE TABLE resting_ports (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    released_at INTEGER NOT NULL,
    PRIMARY KEY (protocol, port)
) STRICT, WITHOUT ROWID;
INSERT INTO resting_ports SELECT protocol, port, released_at FROM ports WHERE released_at IS NOT NULL;
DROP TABLE ports;
)sql";

// Version 3. Who waits and who plays. The row of a ticket is the ticket (adapters/sqlite/match_rows); queues and players are JSON. Rows of
// tickets and matches refer to one another by their numbers, which grow: pages fill one after the other. The two unique indexes are the rule that
// a player waits once and plays once. No digests: these rows live for minutes, and a restart reads a million of them.
constexpr const char* matches = R"sql(
CREATE TABLE match_queues (
    name TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE match_tickets (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    over_at INTEGER,
    priority INTEGER NOT NULL,
    put_back INTEGER NOT NULL,
    match TEXT NOT NULL,
    reason TEXT NOT NULL,
    queues TEXT NOT NULL,
    players TEXT NOT NULL
) STRICT;
CREATE INDEX match_tickets_waiting ON match_tickets (joined_at, id) WHERE state = 'queued';
CREATE INDEX match_tickets_over ON match_tickets (over_at) WHERE over_at IS NOT NULL;
CREATE TABLE match_ticket_players (
    tenant TEXT NOT NULL,
    player TEXT NOT NULL,
    ticket INTEGER NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (tenant, player, ticket)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX match_ticket_players_live ON match_ticket_players (tenant, player) WHERE live = 1;
CREATE TABLE matches (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL,
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    live INTEGER NOT NULL,
    rated INTEGER NOT NULL,
    server TEXT NOT NULL,
    end_reason TEXT NOT NULL,
    claimed_at INTEGER NOT NULL,
    over_at INTEGER,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX matches_by_queue ON matches (tenant, queue, number);
CREATE INDEX matches_live ON matches (number) WHERE live = 1;
CREATE INDEX matches_over ON matches (over_at) WHERE over_at IS NOT NULL;
CREATE TABLE match_players (
    tenant TEXT NOT NULL,
    player TEXT NOT NULL,
    match INTEGER NOT NULL,
    live INTEGER NOT NULL,
    PRIMARY KEY (tenant, player, match)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX match_players_live ON match_players (tenant, player) WHERE live = 1;
CREATE TABLE match_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    ticket INTEGER NOT NULL,
    at INTEGER NOT NULL,
    match TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX match_events_by_ticket ON match_events (ticket, number);
CREATE TABLE match_ratings (
    queue TEXT NOT NULL,
    player TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (queue, player)
) STRICT, WITHOUT ROWID;
)sql";

// Version 4. What is started ahead, and what of it is there.
constexpr const char* fleets = R"sql(
CREATE TABLE fleets (
    name TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE fleet_servers (
    uid TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// A released step never changes; a new schema is a new step at the end.
constexpr auto steps = std::to_array<const char*>({first_schema, ports_of_records, matches, fleets});

// Every table but those of matches, with what is wrong with it.
constexpr const char* checks_of_tables = R"sql(
SELECT checked.integrity_check FROM sqlite_schema AS found JOIN pragma_integrity_check(found.name) AS checked
    WHERE found.type = 'table' AND checked.integrity_check <> 'ok'
    AND found.name NOT IN ('match_tickets', 'match_ticket_players', 'matches', 'match_players', 'match_events', 'match_ratings')
)sql";

Result<std::int64_t, StoreError> pragma_number(Connection& db, const char* sql) {
    auto rows = db.query(sql);
    TRY(found, rows.next());
    return found ? rows.number(0) : 0;
}

Result<Success, StoreError> take_step(Connection& db, std::size_t step) {
    TRY_OK(db.execute("BEGIN IMMEDIATE"));
    const auto version = fmt::format("PRAGMA user_version = {}", step + 1);
    auto done = db.execute(steps[step]);
    if (done) done = db.execute(version.c_str());
    if (done) done = db.execute("COMMIT");
    if (!done && db.in_transaction()) {
        // The error that matters is the one above.
        if (!db.execute("ROLLBACK")) return done;
    }
    return done;
}

Result<std::string, StoreError> all_tables(Connection& db) {
    auto rows = db.query("SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY type, name");
    std::string text;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return text;
        text += rows.text(0);
        text += '\n';
    }
}

StoreError damaged(const std::string& path, std::string_view what) { return {Kind::corrupt, fmt::format("{}: {}", what, how_to_repair(path))}; }

Result<Success, StoreError> check_owner(Connection& db, const std::string& path, std::int64_t version) {
    TRY(owner, pragma_number(db, "PRAGMA application_id"));
    TRY(tables, pragma_number(db, "SELECT count(*) FROM sqlite_schema"));
    if (tables == 0 && version == 0) {
        const auto sql = fmt::format("PRAGMA application_id = {}", application_id);
        return db.execute(sql.c_str());
    }
    if (owner != application_id) {
        return std::unexpected(
            StoreError{Kind::corrupt, fmt::format("{} is a database, but not one of Gamekeeper's: name another state directory", path)});
    }
    if (version > schema_version()) {
        return std::unexpected(StoreError{
            Kind::corrupt,
            fmt::format("{} was written by a newer Gamekeeper (schema {}, this program knows {}): install that version again, or go back to "
                        "the copy of the state directory that was made before the upgrade",
                        path, version, schema_version())});
    }
    return Success{};
}

// A file up to this size is read in a quarter of a second.
constexpr std::int64_t small_file = 32 << 20;

// What makes a file large is a million tickets, and a start is not to wait for seconds because of them: their rows decide over nothing but each
// other, and damage to a page is found when the page is read.
Result<Success, StoreError> check_pages(Connection& db, const std::string& path) {
    TRY(pages, pragma_number(db, "PRAGMA page_count"));
    TRY(page_size, pragma_number(db, "PRAGMA page_size"));
    auto rows = db.query(pages * page_size <= small_file ? "SELECT integrity_check FROM pragma_integrity_check(1) WHERE integrity_check <> 'ok'"
                                                         : checks_of_tables);
    TRY(found, rows.next());
    if (found) return std::unexpected(damaged(path, rows.text(0)));
    return Success{};
}

}  // namespace

int schema_version() { return static_cast<int>(steps.size()); }

Result<Success, StoreError> migrate(Connection& db, const std::string& path) {
    TRY(version, pragma_number(db, "PRAGMA user_version"));
    TRY_OK(check_owner(db, path, version));
    if (version < 0) return std::unexpected(damaged(path, "the version of its schema is negative"));
    for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) TRY_OK(take_step(db, step));
    return Success{};
}

Result<Success, StoreError> check_integrity(Connection& db, const std::string& path) {
    TRY(fresh, Connection::open(":memory:"));
    TRY_OK(migrate(*fresh, ":memory:"));
    TRY(expected, all_tables(*fresh));
    TRY(seen, all_tables(db));
    if (seen != expected) return std::unexpected(damaged(path, "its tables are not those of this schema"));
    TRY_OK(check_pages(db, path));
    auto orphans = db.query("PRAGMA foreign_key_check");
    TRY(orphan, orphans.next());
    if (orphan) return std::unexpected(damaged(path, "ports of a server that does not exist are stored"));
    return Success{};
}

}  // namespace gk::sqlite
