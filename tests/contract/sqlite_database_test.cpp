#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "adapters/sqlite/fleet_store.hpp"
#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "adapters/sqlite/port_map.hpp"
#include "adapters/sqlite/schema.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/contract/stores.hpp"
#include "tests/support/temporary_directory.hpp"

// What only the SQLite adapters promise: one owner, known schemas, shared commits, damage that is named.
namespace gk::contract {
namespace {

namespace fs = std::filesystem;
using Kind = StoreError::Kind;
using sqlite::Connection;
using sqlite::Database;

class SqliteDatabase : public testing::Test {
protected:
    Result<std::unique_ptr<Database>, StoreError> open() { return Database::open(io_.get_executor(), path_); }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    // As another program would.
    void change_file(const std::string& sql) {
        ::sqlite3* db = nullptr;
        ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
        ASSERT_EQ(sqlite3_close(db), SQLITE_OK);
    }

    void make_matches(MatchStore& matches);

    test::TemporaryDirectory directory_;
    std::string path_ = directory_.path() / "gamekeeper.db";
    boost::asio::io_context io_{1};
};

TEST_F(SqliteDatabase, IsReadableByItsOwnerOnly) {
    ASSERT_TRUE(open());

    for (const auto& entry : fs::directory_iterator(directory_.path())) {
        EXPECT_EQ(entry.status().permissions() & fs::perms::mask, fs::perms::owner_read | fs::perms::owner_write) << entry.path();
    }
}

TEST_F(SqliteDatabase, BelongsToOneProcessAtATime) {
    const auto first = open();
    ASSERT_TRUE(first);

    const auto second = open();

    ASSERT_FALSE(second);
    EXPECT_NE(second.error().detail.find("in use by another gamekeeper (process " + std::to_string(getpid())), std::string::npos)
        << second.error().detail;
}

TEST_F(SqliteDatabase, RefusesAFileOfANewerProgram) {
    ASSERT_TRUE(open());
    change_file("PRAGMA user_version = 99");

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find("written by a newer Gamekeeper (schema 99"), std::string::npos) << opened.error().detail;
}

TEST_F(SqliteDatabase, RefusesDatabasesOfOthers) {
    change_file("CREATE TABLE recipes (name TEXT)");

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find("not one of Gamekeeper's"), std::string::npos) << opened.error().detail;
}

TEST_F(SqliteDatabase, RefusesFilesThatAreNoDatabase) {
    std::ofstream(path_) << std::string(5000, 'x');

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::corrupt);
    EXPECT_NE(opened.error().detail.find(".recover"), std::string::npos) << opened.error().detail;
}

TEST_F(SqliteDatabase, RefusesTablesThatSomebodyChanged) {
    ASSERT_TRUE(open());
    change_file("DROP INDEX operations_unfinished");

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::corrupt);
}

TEST_F(SqliteDatabase, CopiesItsLogIntoTheFileWhileItRuns) {
    const auto db = open();
    constexpr int rows = 200;
    for (int i = 0; i < rows; ++i) {
        sqlite::Work<Success> work = [i](Connection& connection) -> Result<Success, StoreError> {
            TRY_OK(connection.change("INSERT INTO facts (name, value, digest) VALUES (?1, ?2, '')", std::to_string(i), std::string(500'000, 'x')));
            return Success{};
        };
        ASSERT_TRUE(wait((*db)->write(std::move(work))));
    }

    EXPECT_LT(fs::file_size(path_ + "-wal"), 20U << 20U);
    EXPECT_GT(fs::file_size(path_), 80U << 20U);
}

// A start reads only what decides over worlds when tickets have made the file large.
TEST_F(SqliteDatabase, FindsADamagedIndexOfWorldsInALargeFile) {
    ASSERT_TRUE(open());
    change_file(
        "INSERT INTO match_events (ticket, at, match, what, detail) WITH RECURSIVE rows (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < "
        "40) SELECT 1, 1, '', n, printf('%.1000000c', 'x') FROM rows");
    EXPECT_TRUE(open());
    change_file("CREATE TABLE aside AS SELECT * FROM sqlite_schema WHERE name = 'operations_unfinished'");
    change_file("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'operations_unfinished'");
    change_file("INSERT INTO operations (id, server, finished, document, digest) VALUES ('lost', '', 0, '', '')");
    change_file("PRAGMA writable_schema = ON; INSERT INTO sqlite_schema SELECT * FROM aside");
    change_file("DROP TABLE aside");

    const auto opened = open();

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find("missing from index operations_unfinished"), std::string::npos) << opened.error().detail;
}

// R6: an edit that SQLite itself cannot see.
TEST_F(SqliteDatabase, DoesNothingWithARowThatSomebodyChanged) {
    {
        const auto db = open();
        sqlite::SqliteServerStore servers(io_.get_executor(), **db);
        ASSERT_TRUE(wait(servers.create(record_named("alpha", 1))));
        ASSERT_TRUE(wait(servers.create(record_named("beta", 2))));
    }
    change_file("UPDATE servers SET document = replace(document, '\"wanted\":\"stopped\"', '\"wanted\":\"deleted\"') WHERE id = 'alpha'");
    const auto db = open();
    ASSERT_TRUE(db) << db.error().detail;
    sqlite::SqliteServerStore servers(io_.get_executor(), **db);

    const auto changed = wait(servers.get(numbered<ServerUid>(1)));

    ASSERT_FALSE(changed);
    EXPECT_EQ(changed.error().kind, Kind::corrupt);
    EXPECT_NE(changed.error().detail.find("server default/alpha is damaged"), std::string::npos) << changed.error().detail;
    EXPECT_EQ(wait(servers.list()).error().kind, Kind::corrupt);
    EXPECT_TRUE(wait(servers.get(numbered<ServerUid>(2))));
}

sqlite::Work<Success> set_fact(std::string name, bool refuse) {
    return [=](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("INSERT INTO facts (name, value, digest) VALUES (?1, '', '')", name));
        if (refuse) return std::unexpected(StoreError{Kind::conflict, "refused after it was written"});
        return Success{};
    };
}

sqlite::Work<std::int64_t> count_facts() {
    return [](Connection& db) -> Result<std::int64_t, StoreError> {
        auto rows = db.query("SELECT count(*) FROM facts");
        TRY(found, rows.next());
        return found ? rows.number(0) : -1;
    };
}

Task<void> write_fact(Database& db, std::string name, bool refuse, int& good, int& refused) {
    const auto written = co_await db.write(set_fact(std::move(name), refuse));
    if (written) ++good;
    else ++refused;
}

// All of them share a commit; each hears its own result, and one that is refused undoes only itself.
TEST_F(SqliteDatabase, TellsEveryCallerItsOwnResult) {
    const auto db = open();
    int good = 0;
    int refused = 0;
    async::TaskGroup callers(io_.get_executor());

    for (int i = 0; i < 300; ++i) callers.spawn("caller", write_fact(**db, "fact-" + std::to_string(i), i % 3 == 0, good, refused));
    async::run_until_done(io_, callers.join());

    EXPECT_EQ(good, 200);
    EXPECT_EQ(refused, 100);
    EXPECT_EQ(wait((*db)->read(count_facts())).value(), 200);
}

Task<void> read_in_vain(Database& db, int& refused) {
    sqlite::Work<Success> work = [](Connection&) -> Result<Success, StoreError> {
        return std::unexpected(StoreError{Kind::not_found, "there is none"});
    };
    const auto found = co_await db.read(std::move(work));
    if (!found && found.error().kind == Kind::not_found) ++refused;
}

// Reads share transactions with writes, without savepoints of their own.
TEST_F(SqliteDatabase, TakesNothingBackForWhoReadsInVain) {
    const auto db = open();
    int good = 0;
    int refused = 0;
    int in_vain = 0;
    async::TaskGroup callers(io_.get_executor());

    for (int i = 0; i < 300; ++i) {
        callers.spawn("writer", write_fact(**db, "fact-" + std::to_string(i), i % 3 == 0, good, refused));
        callers.spawn("reader", read_in_vain(**db, in_vain));
    }
    async::run_until_done(io_, callers.join());

    EXPECT_EQ(good, 200);
    EXPECT_EQ(refused, 100);
    EXPECT_EQ(in_vain, 300);
    EXPECT_EQ(wait((*db)->read(count_facts())).value(), 200);
}

// A record must not name an operation that is nowhere: what was to be written first takes what follows it along when it fails.
TEST_F(SqliteDatabase, WritesNothingBehindAWriteAheadThatIsRefused) {
    const auto db = open();

    ASSERT_TRUE((*db)->write_ahead(set_fact("ahead", true)));
    const auto behind = wait((*db)->write(set_fact("behind", false)));

    ASSERT_FALSE(behind);
    EXPECT_EQ(behind.error().kind, Kind::unavailable);
    EXPECT_NE(behind.error().detail.find("what had to be written first was refused"), std::string::npos) << behind.error().detail;
    EXPECT_EQ(wait((*db)->read(count_facts())).value(), 0);
    EXPECT_TRUE(wait((*db)->write(set_fact("behind", false)))) << "the next one is on its own";
}

TEST_F(SqliteDatabase, MayGoAwayWhileCallersWait) {
    int good = 0;
    int refused = 0;
    boost::asio::io_context loop{1};
    {
        auto db = Database::open(loop.get_executor(), path_);
        ASSERT_TRUE(db);
        for (int i = 0; i < 10; ++i) {
            const auto ignore = [](std::exception_ptr) {};
            boost::asio::co_spawn(loop, write_fact(**db, std::to_string(i), false, good, refused), ignore);
        }
        loop.poll();
    }

    EXPECT_TRUE(open());
}

constexpr int schema_with_matches = 3;
constexpr int schema_with_fleets = 4;

match::Ticket ticket_of(std::string player, std::uint8_t number) {
    match::Ticket ticket;
    ticket.id = numbered<TicketId>(number);
    ticket.queues = {"ranked"};
    ticket.players = {{.id = std::move(player), .attributes = {{"skill", 12.5}}, .latencies = {{"eu", 20}}, .blocked = {}}};
    return ticket;
}

// One file for each released schema, made by that release: all of them must open and read, for ever.
TEST_F(SqliteDatabase, ReadsTheFilesOfEveryReleasedSchema) {
    for (int version = 1; version <= sqlite::schema_version(); ++version) {
        SCOPED_TRACE(testing::Message() << "schema " << version);
        std::ifstream script(GK_SOURCE_DIR "/tests/contract/fixtures/schema-" + std::to_string(version) + ".sql");
        ASSERT_TRUE(script) << "the fixture of this schema is missing";
        fs::remove(path_);
        change_file({std::istreambuf_iterator<char>(script), std::istreambuf_iterator<char>()});

        const auto db = open();
        ASSERT_TRUE(db) << db.error().detail;
        const async::ManualClock clock;
        sqlite::SqliteServerStore servers(io_.get_executor(), **db);
        sqlite::SqliteLedger ledger(io_.get_executor(), **db);
        sqlite::SqlitePortMap ports(**db, servers, clock, {.range = {}});

        const auto all = wait(servers.list());
        ASSERT_TRUE(all) << all.error().detail;
        ASSERT_EQ(all->size(), 2u);
        EXPECT_EQ(all->front().id, "alpha");
        EXPECT_EQ(all->front().ports.size(), 1u);
        const Ledger::OperationFilter everything;
        EXPECT_EQ(wait(ledger.operations(everything))->size(), 1u);
        EXPECT_EQ(wait(ledger.events_after(0, 10))->size(), 1u);
        EXPECT_EQ(wait(ledger.snapshots(all->front().uid))->size(), 1u);
        EXPECT_EQ(wait(ledger.keys())->size(), 1u);
        EXPECT_EQ(wait(ledger.kept_worlds())->size(), 1u);
        EXPECT_EQ(wait(ledger.fact("vault.sampled")).value(), "2026-11-21");
        EXPECT_EQ(wait(ledger.next_epoch()).value(), Epoch{2});
        EXPECT_EQ(wait(ports.list())->size(), 1u);
        sqlite::SqliteMatchStore matches(io_.get_executor(), **db);
        EXPECT_EQ(wait(matches.join(ticket_of("eve", 9)))->outcome, MatchStore::Joined::Outcome::created);
        if (version < schema_with_matches) continue;
        EXPECT_EQ(wait(matches.waiting({}, 10))->front().players.front().id, "ann");
        EXPECT_EQ(wait(matches.match(numbered<MatchId>(1)))->server->name, "game-server-01020304");
        EXPECT_EQ(wait(matches.ticket_of("default", "bob"))->state, match::TicketState::matched);
        EXPECT_EQ(wait(matches.queues())->front().name, "ranked");
        EXPECT_EQ(wait(matches.ratings("ranked", {"bob"}))->size(), 1u);
        EXPECT_EQ(wait(matches.next_epoch()).value(), Epoch{2});
        if (version < schema_with_fleets) continue;
        sqlite::SqliteFleetStore fleets(io_.get_executor(), **db);
        EXPECT_EQ(wait(fleets.fleets())->front().name, "arenas");
        EXPECT_EQ(wait(fleets.servers())->front().match, numbered<MatchId>(1));
    }
}

TEST_F(SqliteDatabase, LetsAPortOfTheFirstSchemaRestOn) {
    std::ifstream script(GK_SOURCE_DIR "/tests/contract/fixtures/schema-1.sql");
    change_file({std::istreambuf_iterator<char>(script), std::istreambuf_iterator<char>()});
    change_file("INSERT INTO ports VALUES('udp',30001,'09010203-0000-4000-8000-000000000000',0,'game',30001,0,0)");
    const auto db = open();
    ASSERT_TRUE(db) << db.error().detail;
    const async::ManualClock clock{Time()};
    sqlite::SqliteServerStore servers(io_.get_executor(), **db);
    sqlite::SqlitePortMap ports(**db, servers, clock, {.range = {}});

    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}};
    const auto chosen = wait(ports.reserve({.uid = numbered<ServerUid>(8)}, wishes, {}));

    ASSERT_TRUE(chosen);
    EXPECT_EQ(chosen->front().open, Port{30002}) << "a record has 30000, and 30001 rests";
}

// One who waits and one who plays.
void SqliteDatabase::make_matches(MatchStore& matches) {
    const QueueRecord queue{.name = "ranked", .game = "match-server", .fleet = {}, .rules = Value::object({{"session_size", 1}}), .shadow = {}};
    EXPECT_TRUE(wait(matches.put(queue)));
    EXPECT_TRUE(wait(matches.join(ticket_of("ann", 1))));
    const auto bob = ticket_of("bob", 2);
    EXPECT_TRUE(wait(matches.join(bob)));
    const auto epoch = wait(matches.next_epoch()).value();
    match::Match match;
    match.id = numbered<MatchId>(1);
    match.queue = "ranked";
    match.members = {{.player = "bob", .ticket = bob.id, .team = "red", .accepted = {}, .left_at = {}}};
    EXPECT_TRUE(wait(matches.commit({match}, epoch)));
    match.state = match::MatchState::assigned;
    match.server = match::MatchServer{.name = "game-server-01020304", .host = "192.0.2.1", .port = 4000};
    EXPECT_TRUE(wait(matches.advance(match, {}, Time(), epoch)));
    EXPECT_TRUE(wait(matches.rate(match.id, {{.player = "bob", .queue = "ranked", .standing = {.value = 1500}, .matches = 1}}, epoch)));
}

// Writes what the fixture of the newest schema is made of; run once when a schema is released:
//     GK_FIXTURE=/tmp/x.db gk_contract_sqlite_test --gtest_filter='*MakesAFixture'; sqlite3 /tmp/x.db .dump > tests/contract/fixtures/schema-N.sql
// and add the two PRAGMA lines (application_id, user_version) that .dump leaves out.
TEST_F(SqliteDatabase, MakesAFixture) {
    const char* wanted = std::getenv("GK_FIXTURE");
    if (wanted != nullptr) path_ = wanted;
    const auto db = open();
    ASSERT_TRUE(db);
    const async::ManualClock clock;
    sqlite::SqliteServerStore servers(io_.get_executor(), **db);
    sqlite::SqliteLedger ledger(io_.get_executor(), **db);
    sqlite::SqlitePortMap ports(**db, servers, clock, {.range = {}});

    auto alpha = record_named("alpha", 1);
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}};
    alpha.ports = *wait(ports.reserve({.uid = alpha.uid}, wishes, {}));
    alpha.settings["motd"] = "hello";
    alpha.secrets["rcon"] = Secret("sesame");
    EXPECT_TRUE(wait(servers.create(alpha)));
    EXPECT_TRUE(wait(servers.create(record_named("beta", 2))));
    EXPECT_TRUE(wait(ledger.next_epoch()));
    Operation operation;
    operation.id = numbered<OperationId>(1);
    operation.server = alpha.uid;
    EXPECT_TRUE(wait(ledger.put(operation, no_keeper)));
    Event event;
    event.type = "server.phase";
    event.server = alpha.uid;
    EXPECT_TRUE(wait(ledger.append(event)));
    vault::Snapshot snapshot;
    snapshot.id = numbered<SnapshotId>(1);
    snapshot.server = alpha.uid;
    EXPECT_TRUE(wait(ledger.put(snapshot, no_keeper)));
    ApiKey key;
    key.id = numbered<KeyId>(1);
    key.name = "admin";
    EXPECT_TRUE(wait(ledger.put(key)));
    KeptWorld world;
    world.uid = numbered<ServerUid>(7);
    world.id = "old";
    world.space = "default";
    world.record = Value::object({{"id", "old"}});
    EXPECT_TRUE(wait(ledger.put(world, no_keeper)));
    EXPECT_TRUE(wait(ledger.set_fact("vault.sampled", "2026-11-21", no_keeper)));
    const IdempotentReply reply{.request_digest = "abc", .operation = operation.id};
    EXPECT_TRUE(wait(ledger.remember("key", "k", reply, clock.now())));
    sqlite::SqliteMatchStore matches(io_.get_executor(), **db);
    make_matches(matches);
    sqlite::SqliteFleetStore fleets(io_.get_executor(), **db);
    EXPECT_TRUE(wait(fleets.put({.name = "arenas", .game = "match-server", .package = {}, .settings = {}, .autopilot = {}})));
    const FleetServer arena{.uid = numbered<ServerUid>(8),
                            .name = "game-server-01020304",
                            .fleet = "arenas",
                            .game = "match-server",
                            .state = fleet::ServerState::allocated,
                            .match = numbered<MatchId>(1),
                            .ports = {},
                            .slot = fleet_slots_first};
    EXPECT_TRUE(wait(fleets.put(arena, Epoch{1})));
}

}  // namespace
}  // namespace gk::contract
