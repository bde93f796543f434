#include <fstream>
#include <iterator>
#include <libpq-fe.h>
#include <map>
#include <set>

#include "adapters/postgres/ledger.hpp"
#include "adapters/postgres/match_store.hpp"
#include "adapters/postgres/schema.hpp"
#include "async/task_group.hpp"
#include "tests/contract/match_store_suite.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/turns.hpp"

// What a MatchStore in PostgreSQL has to bear beyond the contract: replicas, callers that go, a server that crashes, databases of before.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;
using postgres::PostgresMatchStore;
using JoinAnswer = std::optional<Result<MatchStore::Joined, StoreError>>;

class MatchPostgresTest : public testing::Test {
protected:
    ~MatchPostgresTest() override {
        tasks_.cancel();
        async::run_until_done(io_, tasks_.join());
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    Result<std::unique_ptr<PostgresMatchStore>, StoreError> open() { return wait(PostgresMatchStore::open(io_.get_executor(), clock_, options_)); }
    void say(const std::string& sql) {
        PGconn* conn = PQconnectdb(options_.url.c_str());
        PGresult* result = PQexec(conn, sql.c_str());
        EXPECT_LE(PQresultStatus(result), PGRES_TUPLES_OK) << PQerrorMessage(conn);
        PQclear(result);
        PQfinish(conn);
    }
    template <class Question>
    bool turn(Question holds) {
        return test::turn_until(io_, holds);
    }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    async::TaskGroup tasks_{io_.get_executor()};
    postgres::Options options_ = shared_postgres().new_database();
};

// S1-15. What the first released schema held is there in the newest.
TEST_F(MatchPostgresTest, ADatabaseOfEveryReleasedSchemaIsBroughtUpToDate) {
    for (int version = 1; version < postgres::schema_version(); ++version) {
        SCOPED_TRACE(testing::Message() << "schema " << version);
        std::ifstream script(GK_SOURCE_DIR "/tests/contract/fixtures/postgres-schema-" + std::to_string(version) + ".sql");
        ASSERT_TRUE(script) << "the fixture of this schema is missing";
        options_ = shared_postgres().new_database();
        say({std::istreambuf_iterator<char>(script), std::istreambuf_iterator<char>()});

        const auto store = open();
        ASSERT_TRUE(store) << store.error().detail;
        const auto ledger = wait(postgres::PostgresLedger::open(io_.get_executor(), clock_, options_));
        ASSERT_TRUE(ledger) << ledger.error().detail;

        EXPECT_EQ(wait((*ledger)->fact("vault.sampled")).value(), "2026-11-21");
        EXPECT_EQ(wait((*ledger)->next_epoch()).value(), Epoch{2});
        EXPECT_EQ(wait((*ledger)->events_after(0, 10))->size(), 1u);
        EXPECT_EQ(wait((*store)->join(ticket(1, {"ann"})))->outcome, JoinOutcome::created);
    }
}

TEST_F(MatchPostgresTest, LedgersAndMatchStoresMayStartAtOnce) {
    std::array<std::optional<Result<std::unique_ptr<PostgresMatchStore>, StoreError>>, 3> stores;
    std::array<std::optional<Result<std::unique_ptr<postgres::PostgresLedger>, StoreError>>, 3> ledgers;
    for (auto& it : stores) tasks_.spawn("open", async::keep_result(PostgresMatchStore::open(io_.get_executor(), clock_, options_), it));
    for (auto& it : ledgers) tasks_.spawn("open", async::keep_result(postgres::PostgresLedger::open(io_.get_executor(), clock_, options_), it));
    async::run_until_done(io_, tasks_.join());

    for (auto& it : ledgers) EXPECT_TRUE(*it) << it->error().detail;
    for (auto& it : stores) {
        ASSERT_TRUE(*it) << it->error().detail;
        EXPECT_TRUE(wait((**it)->waiting({}, 1)));
    }
}

TEST_F(MatchPostgresTest, ReplicasHearOfOneAnothersChanges) {
    const auto here = open(), there = open();
    int heard = 0;
    const auto watch = (*here)->watch([&] { ++heard; });
    tasks_.spawn("listener", (*here)->run());
    ASSERT_TRUE(turn([&] { return heard > 0; })) << "what was there before it listened";
    heard = 0;

    ASSERT_TRUE(wait((*there)->join(ticket(1, {"ann"}))));
    EXPECT_TRUE(turn([&] { return heard > 0; }));
    tasks_.cancel();
    async::run_until_done(io_, tasks_.join());
}

// With numbers from a sequence alone, 6 may be there before 5, and who goes on from 6 never sees 5.
TEST_F(MatchPostgresTest, ReadersMissNoEvent) {
    constexpr int count = 200;
    const auto here = open(), there = open(), reader = open();
    std::vector<JoinAnswer> answers(count);
    for (int i = 0; i < count; ++i) {
        auto& who = i % 2 == 0 ? *here : *there;
        tasks_.spawn("join", async::keep_result(who->join(ticket(i, {"p" + std::to_string(i)})), answers[static_cast<std::size_t>(i)]));
    }
    MatchStore::EventFilter filter;
    filter.limit = 1000;
    std::size_t seen = 0;
    for (int looks = 0; looks < 1000 && seen < count; ++looks) {
        const auto events = wait((*reader)->events(filter));
        ASSERT_TRUE(events);
        seen += events->size();
        if (!events->empty()) filter.after = events->back().number;
    }
    EXPECT_EQ(seen, static_cast<std::size_t>(count));
    async::run_until_done(io_, tasks_.join());
}

// Who sends for many and goes in the middle leaves nobody behind.
TEST_F(MatchPostgresTest, CallersDoNotDependOnWhoSendsForThem) {
    const auto store = open();
    async::TaskGroup impatient(io_.get_executor());
    std::vector<JoinAnswer> answers(30), dropped(30);
    for (int i = 0; i < 30; ++i) {
        const auto place = static_cast<std::size_t>(i);
        impatient.spawn("join", async::keep_result((*store)->join(ticket(100 + i, {"q" + std::to_string(i)})), dropped[place]));
        tasks_.spawn("join", async::keep_result((*store)->join(ticket(i, {"p" + std::to_string(i)})), answers[place]));
    }
    io_.restart();
    io_.run_one();

    impatient.cancel();
    async::run_until_done(io_, impatient.join());
    async::run_until_done(io_, tasks_.join());

    for (int i = 0; i < 30; ++i) {
        const auto& answer = answers[static_cast<std::size_t>(i)];
        ASSERT_TRUE(answer && *answer);
        EXPECT_EQ((*answer)->outcome, JoinOutcome::created);
        MatchStore::EventFilter own;
        own.ticket = ticket_id(i);
        EXPECT_EQ(wait((*store)->events(own))->size(), 1u);
    }
}

TEST_F(MatchPostgresTest, APlayersIdIsTakenWhole) {
    const auto store = open();

    const auto cut = wait((*store)->join(ticket(1, {std::string("ann\0x", 5)})));

    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().kind, Kind::conflict);
    auto odd = ticket(2, {"{\"a\\,b\"}"});
    odd.players[0].attributes["text"] = std::string("zero\0byte", 9);
    ASSERT_TRUE(wait((*store)->join(odd)));
    EXPECT_EQ(wait((*store)->ticket_of("default", "{\"a\\,b\"}")).value(), odd);
}

// A reply that was lost, and asked for again: nothing is done twice (R7). One server for itself.
TEST(MatchPostgresCrashTest, NothingIsLostOrDoneTwiceWhenTheServerGoes) {
    PostgresServer server;
    boost::asio::io_context io{1};
    async::ManualClock clock;
    async::TaskGroup tasks(io.get_executor());
    const auto options = server.new_database();
    const auto store = *async::run_until_done(io, PostgresMatchStore::open(io.get_executor(), clock, options));
    constexpr int count = 1000;
    std::vector<JoinAnswer> answers(count);
    for (int i = 0; i < count; ++i) {
        tasks.spawn("join", async::keep_result(store->join(ticket(i, {"p" + std::to_string(i)})), answers[static_cast<std::size_t>(i)]));
    }
    const auto answered = [&] { return std::ranges::count_if(answers, [](const auto& it) { return it.has_value(); }); };
    io.restart();
    while (answered() < 100) io.run_one();

    server.crash();
    async::run_until_done(io, tasks.join());
    server.start();
    clock.advance(options.retry_most);

    int lost = 0;
    for (int i = 0; i < count; ++i) {
        const auto& answer = *answers[static_cast<std::size_t>(i)];
        if (answer) {
            EXPECT_TRUE(async::run_until_done(io, store->ticket(ticket_id(i)))) << "acknowledged and lost";
            continue;
        }
        ++lost;
        EXPECT_EQ(answer.error().kind, Kind::unavailable);
        const auto again = async::run_until_done(io, store->join(ticket(i, {"p" + std::to_string(i)})));
        ASSERT_TRUE(again) << again.error().detail;
        EXPECT_EQ(again->outcome, JoinOutcome::created);
    }
    EXPECT_GT(lost, 0) << "the server went in the middle";
    EXPECT_EQ(async::run_until_done(io, store->waiting({}, 2 * count))->size(), static_cast<std::size_t>(count));
    MatchStore::EventFilter all;
    all.limit = 2 * count;
    EXPECT_EQ(async::run_until_done(io, store->events(all))->size(), static_cast<std::size_t>(count)) << "each joined once";
}

}  // namespace
}  // namespace gk::contract
