#include "adapters/postgres/schema.hpp"

#include <array>

#include <fmt/format.h>

#include "adapters/postgres/fleet_schema.hpp"
#include "adapters/postgres/match_schema.hpp"
#include "async/deadline.hpp"

namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;

// Version 1. Documents are JSON (domain/*/codec) as text, because jsonb would rewrite them; columns beside them are what is searched for or must be
// unique. Numbers that others may read before they are all there are counted in a row, whose lock makes their order the order of the commits: a
// sequence would let a reader see 6 before 5, and miss 5.
// check_epoch() is the fence. Its lock is held until the transaction ends, so next_epoch(), which changes the table, waits for writes under way, and
// those that come later wait for it and find the new number. A lock of the table and not of its row: who waits for a row is overtaken for ever by
// those who share it.
constexpr const char* first_schema = R"sql(
CREATE TABLE epoch (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);
INSERT INTO epoch (number) VALUES (0);
CREATE FUNCTION check_epoch(mine bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    LOCK TABLE gamekeeper.epoch IN SHARE MODE;
    SELECT number INTO newest FROM gamekeeper.epoch;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the epoch of the keepers is missing' USING ERRCODE = 'data_corrupted';
    END IF;
    IF newest > mine THEN
        RAISE EXCEPTION 'a newer keeper is at work' USING ERRCODE = 'GK001';
    END IF;
END $$;
CREATE TABLE operations (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    server uuid NOT NULL,
    finished boolean NOT NULL,
    document text NOT NULL
);
CREATE INDEX operations_by_server ON operations (server, number);
CREATE INDEX operations_unfinished ON operations (number) WHERE NOT finished;
CREATE TABLE replies (
    scope bytea NOT NULL,
    key bytea NOT NULL,
    request_digest text NOT NULL,
    operation uuid NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX replies_by_time ON replies (at);
CREATE TABLE last_event (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL
);
INSERT INTO last_event (number) VALUES (0);
CREATE TABLE events (
    number bigint PRIMARY KEY,
    document text NOT NULL
);
CREATE TABLE snapshots (
    id uuid PRIMARY KEY,
    server uuid NOT NULL,
    sequence bigint NOT NULL,
    document text NOT NULL,
    UNIQUE (server, sequence)
);
CREATE TABLE snapshot_sequences (
    server uuid PRIMARY KEY,
    last bigint NOT NULL
);
CREATE TABLE keys (
    id uuid PRIMARY KEY,
    document text NOT NULL
);
CREATE TABLE kept_worlds (
    uid uuid PRIMARY KEY,
    document text NOT NULL
);
CREATE TABLE facts (
    name text PRIMARY KEY,
    value text NOT NULL
);
)sql";

// A released step never changes; a new schema is a new step at the end.
constexpr auto steps = std::to_array<const char*>({first_schema, match_schema, fleet_schema});

// Whoever comes second waits at the lock for the first. The schema may have been made by who owns the database, who need not let us make one.
constexpr const char* begin = R"sql(
BEGIN;
SET LOCAL statement_timeout = '4s';
SELECT pg_advisory_xact_lock(x'474b5052'::int);
DO $$ BEGIN
    IF to_regnamespace('gamekeeper') IS NULL THEN CREATE SCHEMA gamekeeper; END IF;
END $$;
CREATE TABLE IF NOT EXISTS gamekeeper.schema_version (version integer NOT NULL);
SELECT coalesce(max(version), 0) FROM gamekeeper.schema_version;
)sql";

StoreError too_new(std::int64_t version) {
    return {
        Kind::corrupt,
        fmt::format("the database was written by a newer Gamekeeper (schema {}, this program knows {}): install that version again, or restore the "
                    "copy of the database that was made before the upgrade",
                    version, schema_version())};
}

Task<Result<Success, StoreError>> take_steps(Connection& connection, std::int64_t from) {
    for (auto step = static_cast<std::size_t>(from); step < steps.size(); ++step) {
        std::string sql = steps[step];
        CO_TRY_OK(co_await connection.script(std::move(sql)));
    }
    auto note = fmt::format("DELETE FROM schema_version; INSERT INTO schema_version (version) VALUES ({}); COMMIT", steps.size());
    CO_TRY_OK(co_await connection.script(std::move(note)));
    co_return Success{};
}

}  // namespace

int schema_version() { return static_cast<int>(steps.size()); }

Task<Result<Success, StoreError>> migrate(Connection& connection) {
    CO_TRY(stored, co_await connection.script(begin));
    const auto version = stored.empty() ? 0 : stored.number(0, 0);
    if (version == schema_version()) {
        CO_TRY_OK(co_await connection.script("COMMIT"));
        co_return Success{};
    }
    if (version > schema_version() || version < 0) co_return std::unexpected(too_new(version));
    co_return co_await take_steps(connection, version);
}

Task<Result<Success, StoreError>> migrate_in_time(boost::asio::any_io_executor loop, Clock& clock, Pool& pool) {
    Connection connection(std::move(loop));
    CO_TRY_OK(co_await pool.open(connection));
    auto migrating = migrate(connection);
    const auto migrated = co_await async::with_deadline(clock, clock.now() + pool.options().call_limit, std::move(migrating));
    if (!migrated) co_return std::unexpected(StoreError{Kind::unavailable, "PostgreSQL did not let its schema be brought up to date in time"});
    if (!*migrated) co_return std::unexpected(migrated->error());
    co_return Success{};
}

}  // namespace gk::postgres
