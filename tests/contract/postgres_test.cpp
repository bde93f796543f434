#include <libpq-fe.h>
#include <map>
#include <set>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <gtest/gtest.h>

#include "adapters/postgres/ledger.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/contract/stores.hpp"
#include "tests/support/turns.hpp"

// What a Ledger in PostgreSQL has to bear beyond the contract: other processes at the same database, a server that goes, stalls and comes back.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using postgres::PostgresLedger;
using Kind = StoreError::Kind;

// A client of the same database that is none of ours, at work at once.
class Bystander {
public:
    explicit Bystander(const postgres::Options& options) : conn_(PQconnectdb(options.url.c_str())) {}
    Bystander(const Bystander&) = delete;
    Bystander& operator=(const Bystander&) = delete;
    ~Bystander() { PQfinish(conn_); }
    // The first value of the answer.
    std::string say(const char* sql) {
        PGresult* result = PQexec(conn_, sql);
        EXPECT_LE(PQresultStatus(result), PGRES_TUPLES_OK) << PQerrorMessage(conn_);
        std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
        PQclear(result);
        return value;
    }

private:
    PGconn* conn_;
};

Operation operation(std::uint8_t number) {
    Operation made;
    made.id = numbered<OperationId>(number);
    made.server = numbered<ServerUid>(1);
    return made;
}

vault::Snapshot snapshot(std::uint8_t number) {
    vault::Snapshot made;
    made.id = numbered<SnapshotId>(number);
    made.server = numbered<ServerUid>(1);
    return made;
}

Event event(std::string type) {
    Event made;
    made.type = std::move(type);
    return made;
}

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& out) {
    out.emplace(co_await std::move(task));
}

class PostgresTest : public testing::Test {
protected:
    ~PostgresTest() override {
        tasks_.cancel();
        async::run_until_done(io_, tasks_.join());
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    // As another process would have it, until the end of the test.
    PostgresLedger* open() {
        auto opened = wait(PostgresLedger::open(io_.get_executor(), clock_, options_));
        EXPECT_TRUE(opened) << opened.error().detail;
        if (!opened) return nullptr;
        return ledgers_.emplace_back(std::move(*opened)).get();
    }
    // Begins it; its answer comes while the loop turns.
    template <class T>
    void begin(Task<T> task, std::optional<T>& out) {
        tasks_.spawn("call", keep(std::move(task), out));
        turn([] { return true; });
    }
    template <class Question>
    bool turn(Question holds, int turns = 1000) {
        return test::turn_until(io_, holds, turns);
    }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    std::vector<std::unique_ptr<PostgresLedger>> ledgers_;
    async::TaskGroup tasks_{io_.get_executor()};
    postgres::Options options_ = shared_postgres().new_database();
};

constexpr const char* waiting_for_locks = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";

TEST_F(PostgresTest, OfManyThatStartAtOnceOneMakesTheSchema) {
    std::array<std::optional<Result<std::unique_ptr<PostgresLedger>, StoreError>>, 5> opened;
    for (auto& it : opened) begin(PostgresLedger::open(io_.get_executor(), clock_, options_), it);

    ASSERT_TRUE(turn([&] { return std::ranges::all_of(opened, [](const auto& it) { return it.has_value(); }); }));

    for (auto& it : opened) {
        ASSERT_TRUE(*it) << it->error().detail;
        EXPECT_TRUE(wait((**it)->fact("any")));
    }
}

TEST_F(PostgresTest, ADatabaseOfANewerProgramIsLeftAlone) {
    open();
    Bystander(options_).say("UPDATE gamekeeper.schema_version SET version = 99");

    const auto opened = wait(PostgresLedger::open(io_.get_executor(), clock_, options_));

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::corrupt);
    EXPECT_NE(opened.error().detail.find("newer Gamekeeper"), std::string::npos);
}

TEST_F(PostgresTest, WhatCannotBeReadIsDamaged) {
    const auto ledger = open();
    ASSERT_TRUE(wait(ledger->put(operation(1), no_keeper)));
    Bystander other(options_);

    other.say("UPDATE gamekeeper.operations SET document = '{\"id\": 1}'");
    EXPECT_EQ(wait(ledger->operation(operation(1).id)).error().kind, Kind::corrupt);
    other.say("UPDATE gamekeeper.operations SET document = '{'");
    EXPECT_EQ(wait(ledger->operations({.server = {}, .after = {}})).error().kind, Kind::corrupt);
    other.say("DELETE FROM gamekeeper.epoch");
    EXPECT_EQ(wait(ledger->put(operation(2), Epoch{1})).error().kind, Kind::corrupt);
    EXPECT_EQ(wait(ledger->next_epoch()).error().kind, Kind::corrupt);
}

TEST_F(PostgresTest, AKeeperInAnotherProcessIsFenced) {
    const auto here = open(), there = open();
    const auto old = wait(here->next_epoch()).value();
    ASSERT_TRUE(wait(here->put(snapshot(1), old)));

    const auto newer = wait(there->next_epoch()).value();

    EXPECT_EQ(wait(here->put(snapshot(2), old)).error().kind, Kind::fenced);
    EXPECT_TRUE(wait(there->put(snapshot(3), newer)));
    EXPECT_EQ(wait(here->snapshots(numbered<ServerUid>(1)))->size(), 2u);
}

// What a newer keeper reads after next_epoch() is not changed behind it by a write that was under way.
TEST_F(PostgresTest, ANewEpochWaitsForWritesUnderWay) {
    const auto here = open(), there = open();
    const auto old = wait(here->next_epoch()).value();
    Bystander other(options_), watcher(options_);
    other.say("BEGIN; LOCK TABLE gamekeeper.snapshots");
    std::optional<Result<vault::Snapshot, StoreError>> under_way, late;
    std::optional<Result<Epoch, StoreError>> newer;

    begin(here->put(snapshot(1), old), under_way);
    ASSERT_TRUE(turn([&] { return watcher.say(waiting_for_locks) == "1"; }));
    begin(there->next_epoch(), newer);
    ASSERT_TRUE(turn([&] { return watcher.say(waiting_for_locks) == "2"; }));
    begin(here->put(snapshot(2), old), late);
    ASSERT_TRUE(turn([&] { return watcher.say(waiting_for_locks) == "3"; }));
    EXPECT_FALSE(newer);
    other.say("COMMIT");
    ASSERT_TRUE(turn([&] { return under_way && newer && late; }));

    EXPECT_TRUE(*under_way);
    EXPECT_EQ(newer->value(), Epoch{2});
    ASSERT_FALSE(*late) << "nobody goes ahead of the keeper that waits";
    EXPECT_EQ(late->error().kind, Kind::fenced);
}

TEST_F(PostgresTest, ACallIsOverWhenItsTimeIs) {
    const auto ledger = open();
    Bystander other(options_), watcher(options_);
    other.say("BEGIN; LOCK TABLE gamekeeper.facts");
    std::optional<Result<Success, StoreError>> answer;
    begin(ledger->set_fact("a", "1", no_keeper), answer);
    ASSERT_TRUE(turn([&] { return watcher.say(waiting_for_locks) == "1"; }));
    ASSERT_FALSE(answer);

    clock_.advance(options_.call_limit);
    ASSERT_TRUE(turn([&] { return answer.has_value(); }));

    EXPECT_EQ(answer->error().kind, Kind::unavailable);
    other.say("ROLLBACK");
    EXPECT_TRUE(wait(ledger->set_fact("a", "2", no_keeper)));
}

TEST_F(PostgresTest, MoreCallsThanConnectionsTakeTurns) {
    const auto ledger = open();
    std::vector<std::optional<Result<Success, StoreError>>> answers(100);

    for (std::size_t i = 0; i < answers.size(); ++i) {
        tasks_.spawn("put", keep(ledger->put(operation(static_cast<std::uint8_t>(i)), no_keeper), answers[i]));
    }

    ASSERT_TRUE(turn([&] { return std::ranges::all_of(answers, [](const auto& it) { return it && *it; }); }));
    EXPECT_EQ(wait(ledger->operations({.server = {}, .limit = 1000, .after = {}}))->size(), answers.size());
}

// With a plain sequence, 6 may be there before 5, and who goes on from 6 never sees 5.
TEST_F(PostgresTest, ReadersMissNoEventThatSeveralAppend) {
    const auto here = open(), there = open();
    std::vector<std::optional<Result<std::uint64_t, StoreError>>> appended(200);
    for (std::size_t i = 0; i < appended.size(); ++i) tasks_.spawn("append", keep((i % 2 == 0 ? here : there)->append(event("e")), appended[i]));
    const auto reader = open();

    std::uint64_t last = 0;
    for (int looks = 0; looks < 1000 && last < appended.size(); ++looks) {
        const auto events = wait(reader->events_after(last, 1000));
        ASSERT_TRUE(events);
        for (const auto& it : *events) ASSERT_EQ(it.number, ++last);
    }

    EXPECT_EQ(last, appended.size());
}

TEST_F(PostgresTest, EventsOfOtherProcessesAreHeardAlsoAfterTheServerWasAway) {
    const auto here = open(), there = open();
    int heard = 0;
    const auto watch = here->watch_events([&] { ++heard; });
    tasks_.spawn("listener", here->run());
    ASSERT_TRUE(turn([&] { return heard > 0; })) << "what was appended before it listened";
    heard = 0;

    ASSERT_TRUE(wait(there->append(event("e"))));
    EXPECT_TRUE(turn([&] { return heard == 1; }));

    Bystander(options_).say("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    heard = 0;
    EXPECT_TRUE(turn([&] { return clock_.advance(options_.retry_first), heard > 0; })) << "it has missed something, perhaps";
    heard = 0;
    ASSERT_TRUE(wait(there->append(event("e"))));
    EXPECT_TRUE(turn([&] { return heard == 1; }));
}

TEST_F(PostgresTest, ConnectionsThatTheServerHasClosedAreMadeAnew) {
    const auto ledger = open();
    ASSERT_TRUE(wait(ledger->set_fact("a", "1", no_keeper)));

    Bystander(options_).say(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");

    const auto fact = wait(ledger->fact("a"));
    ASSERT_TRUE(fact) << fact.error().detail;
    EXPECT_EQ(*fact, "1");
}

TEST_F(PostgresTest, WhoCannotConnectSaysWhyAndWaitsBeforeTheNextTry) {
    options_.url = "host=nowhere.invalid dbname=gamekeeper";

    const auto opened = wait(PostgresLedger::open(io_.get_executor(), clock_, options_));

    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().kind, Kind::unavailable);
    EXPECT_NE(opened.error().detail.find("nowhere.invalid"), std::string::npos) << opened.error().detail;
    options_.url = "host=/tmp dbname=gamekeeper port=none";
    EXPECT_EQ(wait(PostgresLedger::open(io_.get_executor(), clock_, options_)).error().kind, Kind::unavailable);
    options_.url = "no such thing";
    EXPECT_NE(wait(PostgresLedger::open(io_.get_executor(), clock_, options_)).error().detail.find("ledger.url"), std::string::npos);
}

// A role that owns nothing but the schema that somebody has made for it.
TEST_F(PostgresTest, APasswordAndOneSchemaAreEnough) {
    Bystander(options_).say(
        "DROP ROLE IF EXISTS guarded; CREATE ROLE guarded LOGIN PASSWORD 'open sesame'; CREATE SCHEMA gamekeeper AUTHORIZATION guarded");
    options_.url += " user=guarded";
    options_.password = Secret("open barley");

    const auto refused = wait(PostgresLedger::open(io_.get_executor(), clock_, options_));
    options_.password = Secret("open sesame");
    const auto opened = wait(PostgresLedger::open(io_.get_executor(), clock_, options_));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Kind::unavailable);
    EXPECT_NE(refused.error().detail.find("ledger.password_file"), std::string::npos) << refused.error().detail;
    EXPECT_EQ(refused.error().detail.find("barley"), std::string::npos);
    ASSERT_TRUE(opened) << opened.error().detail;
    const auto epoch = wait((*opened)->next_epoch()).value();
    EXPECT_TRUE(wait((*opened)->put(snapshot(1), epoch)));
    EXPECT_TRUE(wait((*opened)->append(event("e"))));
}

TEST_F(PostgresTest, AServerThatDoesNotAnswerIsGivenUp) {
    test::TemporaryDirectory silent;
    boost::asio::local::stream_protocol::acceptor nobody(io_, {silent.path() / ".s.PGSQL.5432"});
    options_.url = "port=5432 host=" + silent.path().string();
    std::optional<Result<std::unique_ptr<PostgresLedger>, StoreError>> opened;
    begin(PostgresLedger::open(io_.get_executor(), clock_, options_), opened);
    ASSERT_FALSE(opened);

    clock_.advance(options_.connect_limit);

    ASSERT_TRUE(turn([&] { return opened.has_value(); }));
    EXPECT_EQ(opened->error().kind, Kind::unavailable);
}

// One server for itself: the others share theirs.
TEST(PostgresCrashTest, NothingThatWasAcknowledgedIsLostWithTheServer) {
    PostgresServer server;
    boost::asio::io_context io{1};
    async::ManualClock clock;
    async::TaskGroup tasks(io.get_executor());
    const auto options = server.new_database();
    const auto ledger = *async::run_until_done(io, PostgresLedger::open(io.get_executor(), clock, options));
    std::map<std::uint8_t, std::optional<Result<Success, StoreError>>> answers;
    const auto answered = [&] { return std::ranges::count_if(answers, [](const auto& it) { return it.second.has_value(); }); };
    for (std::uint8_t number = 0; number < 200; ++number) {
        tasks.spawn("put", keep(ledger->put(operation(number), no_keeper), answers[number]));
    }
    io.restart();
    while (answered() < 50) io.run_one();

    server.crash();
    auto joining = tasks.join();
    async::run_until_done(io, std::move(joining));
    EXPECT_FALSE(async::run_until_done(io, ledger->fact("a")));
    server.start();
    clock.advance(options.retry_most);

    std::set<OperationId> stored;
    const auto page = async::run_until_done(io, ledger->operations({.server = {}, .limit = 1000, .after = {}}));
    ASSERT_TRUE(page) << page.error().detail;
    for (const auto& it : *page) stored.insert(it.id);
    int lost = 0;
    for (const auto& [number, answer] : answers) {
        if (*answer) {
            EXPECT_TRUE(stored.contains(operation(number).id)) << "acknowledged and lost";
        } else {
            EXPECT_EQ(answer->error().kind, Kind::unavailable);
            ++lost;
        }
    }
    EXPECT_GT(lost, 0) << "the server went in the middle";
    EXPECT_GE(stored.size(), 50u);
}

}  // namespace
}  // namespace gk::contract
