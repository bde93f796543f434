#include <deque>
#include <functional>
#include <libpq-fe.h>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <sqlite3.h>

#include "adapters/postgres/match_store.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "async/task_group.hpp"
#include "tests/contract/match_store_suite.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

// S1-14: what a player asks for is found by an index. The databases say themselves how much they have read, also within their functions; among many
// players it is as little as among few.
namespace gk::contract {
namespace {

constexpr int players = 1'500;  // Of whom two play together each time; every second match is over.

std::string name_of(int number) { return fmt::format("p{}", number); }

Task<void> live(MatchStore& store, int pair, Epoch epoch) {
    std::vector<match::Ticket> tickets{ticket(2 * pair, {name_of(2 * pair)}), ticket(2 * pair + 1, {name_of(2 * pair + 1)})};
    for (const auto& it : tickets) EXPECT_TRUE(co_await store.join(it));
    auto match = match_of(pair, tickets);
    std::vector<match::Match> matches{match};
    EXPECT_TRUE(co_await store.commit(std::move(matches), epoch));
    if (pair % 2 == 0) co_return;
    match.state = MatchState::ended;
    std::vector<TicketId> nobody;
    EXPECT_TRUE(co_await store.advance(match, std::move(nobody), start + std::chrono::seconds(90), epoch));
}

Task<void> fill(MatchStore& store, boost::asio::any_io_executor executor) {
    const auto epoch = (co_await store.next_epoch()).value();
    async::TaskGroup all(executor);
    for (int pair = 0; pair < players / 2; ++pair) all.spawn("pair", live(store, pair, epoch));
    co_await all.join();
}

// One player's: number 700 of the crowd plays, 703 has played, nobody knew the new one.
template <class T>
Task<bool> is_answered(Task<Result<T, StoreError>> question) {
    const auto answer = co_await std::move(question);
    EXPECT_TRUE(answer) << (answer ? "" : answer.error().detail);
    co_return answer.has_value();
}

struct Question {
    std::string name;
    std::function<Task<bool>(MatchStore&)> ask;
};

std::vector<Question> questions_of_a_player() {
    MatchStore::MatchFilter matches;
    matches.player = name_of(700);
    auto live_matches = matches, older = matches, of_queue = matches;
    live_matches.live_only = true;
    older.after = match_id(700);
    of_queue.queue = "ranked";
    MatchStore::EventFilter of_ticket, of_player;
    of_ticket.ticket = ticket_id(700);
    of_player.player = name_of(700);
    return {{"join", [](MatchStore& store) { return is_answered(store.join(ticket(players, {"newcomer"}))); }},
            {"join again", [](MatchStore& store) { return is_answered(store.join(ticket(players + 1, {name_of(700)}))); }},
            {"change", [](MatchStore& store) { return is_answered(store.change(ticket_id(players), {player("newcomer")}, start)); }},
            {"cancel", [](MatchStore& store) { return is_answered(store.cancel(ticket_id(players), start)); }},
            {"ticket", [](MatchStore& store) { return is_answered(store.ticket(ticket_id(700))); }},
            {"ticket of a player", [](MatchStore& store) { return is_answered(store.ticket_of("default", name_of(703))); }},
            {"match", [](MatchStore& store) { return is_answered(store.match(match_id(350))); }},
            {"matches", [=](MatchStore& store) { return is_answered(store.matches(matches)); }},
            {"live matches", [=](MatchStore& store) { return is_answered(store.matches(live_matches)); }},
            {"older matches", [=](MatchStore& store) { return is_answered(store.matches(older)); }},
            {"matches of a queue", [=](MatchStore& store) { return is_answered(store.matches(of_queue)); }},
            {"events of a ticket", [=](MatchStore& store) { return is_answered(store.events(of_ticket)); }},
            {"events of a player", [=](MatchStore& store) { return is_answered(store.events(of_player)); }},
            {"ratings", [](MatchStore& store) { return is_answered(store.ratings("ranked", {name_of(700)})); }}};
}

// What SQLite did for each statement of this process. SQLite calls from the thread that works.
class Meter {
public:
    Meter() { sqlite3_auto_extension(reinterpret_cast<void (*)()>(&Meter::opened)); }
    ~Meter() { sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&Meter::opened)); }

    // The statements since the last time, each with the steps of its program.
    std::map<std::string, int> take() {
        const std::lock_guard lock(mutex);
        return std::exchange(steps, {});
    }

private:
    static int opened(sqlite3* db, char**, const void*) { return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, &Meter::ended, nullptr); }
    static int ended(unsigned, void*, void* statement, void*) {
        auto* const ran = static_cast<sqlite3_stmt*>(statement);
        const std::lock_guard lock(mutex);
        steps[sqlite3_sql(ran)] += sqlite3_stmt_status(ran, SQLITE_STMTSTATUS_VM_STEP, 1);
        return 0;
    }

    static inline std::mutex mutex;
    static inline std::map<std::string, int> steps;
};

// How SQLite says that it looks for it. `asked` outlives the database, which knows its statements by their texts.
Task<std::string> plan_of(sqlite::Database& db, std::deque<std::string>& asked, std::string sql) {
    const auto* text = asked.emplace_back("EXPLAIN QUERY PLAN " + std::move(sql)).c_str();
    sqlite::Work<std::string> explain = [text](sqlite::Connection& connection) -> Result<std::string, StoreError> {
        std::string out;
        auto rows = connection.query(text);
        while (true) {
            TRY(is_there, rows.next());
            if (!is_there) return out;
            out += fmt::format("\n  {}", rows.text(3));
        }
    };
    auto plan = co_await db.read<std::string>(std::move(explain));
    EXPECT_TRUE(plan) << (plan ? "" : plan.error().detail);
    co_return plan.value_or(std::string());
}

TEST(MatchQueries, OfAPlayerReadAFewRowsInSqlite) {
    constexpr int steps_at_most = 1'000;  // A look at every row of one table takes several times as many.
    Meter meter;
    std::deque<std::string> asked;
    test::TemporaryDirectory directory;
    boost::asio::io_context io{1};
    auto db = sqlite::Database::open(io.get_executor(), directory.path() / "gamekeeper.db");
    ASSERT_TRUE(db) << db.error().detail;
    sqlite::SqliteMatchStore store(io.get_executor(), **db);
    async::run_until_done(io, fill(store, io.get_executor()));

    std::ignore = meter.take();
    for (const auto& question : questions_of_a_player()) {
        EXPECT_TRUE(async::run_until_done(io, question.ask(store))) << question.name;
        const auto taken = meter.take();
        EXPECT_FALSE(taken.empty()) << question.name;
        for (const auto& [sql, steps] : taken) {
            const auto plan = async::run_until_done(io, plan_of(**db, asked, sql));
            EXPECT_LT(steps, steps_at_most) << question.name << ": " << sql << plan;
            EXPECT_EQ(plan.find("\n  SCAN "), std::string::npos) << question.name << ": " << sql << plan;
        }
        std::ignore = meter.take();
    }
}

class Postgres {
public:
    explicit Postgres(const std::string& url) : conn_(PQconnectdb(url.c_str())) {}
    ~Postgres() { PQfinish(conn_); }
    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;

    std::string ask(const std::string& sql) {
        PGresult* result = PQexec(conn_, sql.c_str());
        EXPECT_LE(PQresultStatus(result), PGRES_TUPLES_OK) << PQerrorMessage(conn_);
        const std::string out = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
        PQclear(result);
        return out;
    }
    // What was read of the tables of matches by everybody who has gone; who goes tells it first.
    std::int64_t rows_read() {
        while (ask("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") != "0") {
        }
        return std::stoll(
            ask("SELECT sum(seq_tup_read + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes i WHERE i.relid = t.relid)) "
                "FROM pg_stat_user_tables t WHERE relname LIKE 'match%'"));
    }

private:
    PGconn* conn_;
};

TEST(MatchQueries, OfAPlayerReadAFewRowsInPostgres) {
    constexpr std::int64_t rows_at_most = 100;
    boost::asio::io_context io{1};
    async::ManualClock clock;
    const auto options = shared_postgres().new_database();
    const auto with_store = [&](const std::function<void(MatchStore&)>& work) {
        auto store = async::run_until_done(io, postgres::PostgresMatchStore::open(io.get_executor(), clock, options));
        ASSERT_TRUE(store) << store.error().detail;
        work(**store);
    };
    with_store([&](MatchStore& store) { async::run_until_done(io, fill(store, io.get_executor())); });
    Postgres server(options.url);
    server.ask("ANALYZE");

    for (const auto& question : questions_of_a_player()) {
        const auto before = server.rows_read();
        with_store([&](MatchStore& store) { EXPECT_TRUE(async::run_until_done(io, question.ask(store))) << question.name; });
        EXPECT_LT(server.rows_read() - before, rows_at_most) << question.name;
    }
}

}  // namespace
}  // namespace gk::contract
