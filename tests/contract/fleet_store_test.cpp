#include "adapters/memory/fleet_store.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <ostream>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/postgres/fleet_store.hpp"
#include "adapters/postgres/match_store.hpp"
#include "adapters/sqlite/fleet_store.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "base/assert.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

// The FleetStore's contract, for memory, SQLite and PostgreSQL. Epochs are those that a MatchStore in the same place gives.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;

struct Stores {
    virtual ~Stores() = default;
    virtual FleetStore& fleets() = 0;
    virtual MatchStore& matches() = 0;
    virtual void restart() = 0;
};

class MemoryStores final : public Stores {
public:
    MemoryStores(boost::asio::io_context& io, Clock&) : io_(io) { restart(); }
    FleetStore& fleets() override { return *fleets_; }
    MatchStore& matches() override { return *matches_; }
    void restart() override {
        matches_.emplace(io_.get_executor(), match_state_);
        fleets_.emplace(io_.get_executor(), fleet_state_, match_state_);
    }

private:
    boost::asio::io_context& io_;
    std::shared_ptr<memory::MatchState> match_state_ = std::make_shared<memory::MatchState>();
    std::shared_ptr<memory::FleetState> fleet_state_ = std::make_shared<memory::FleetState>();
    std::optional<memory::MemoryMatchStore> matches_;
    std::optional<memory::MemoryFleetStore> fleets_;
};

class SqliteStores final : public Stores {
public:
    SqliteStores(boost::asio::io_context& io, Clock&) : io_(io) { restart(); }
    FleetStore& fleets() override { return *fleets_; }
    MatchStore& matches() override { return *matches_; }
    void restart() override {
        db_.reset();
        auto db = sqlite::Database::open(io_.get_executor(), directory_.path() / "gamekeeper.db");
        ASSERT(db.has_value(), "the test database opens");
        db_ = std::move(*db);
        matches_.emplace(io_.get_executor(), *db_);
        fleets_.emplace(io_.get_executor(), *db_);
    }

private:
    boost::asio::io_context& io_;
    test::TemporaryDirectory directory_;
    std::unique_ptr<sqlite::Database> db_;
    std::optional<sqlite::SqliteMatchStore> matches_;
    std::optional<sqlite::SqliteFleetStore> fleets_;
};

class PostgresStores final : public Stores {
public:
    PostgresStores(boost::asio::io_context& io, Clock& clock) : io_(io), clock_(clock) { restart(); }
    FleetStore& fleets() override { return *fleets_; }
    MatchStore& matches() override { return *matches_; }
    void restart() override {
        matches_ = async::run_until_done(io_, postgres::PostgresMatchStore::open(io_.get_executor(), clock_, database_)).value();
        fleets_ = async::run_until_done(io_, postgres::PostgresFleetStore::open(io_.get_executor(), clock_, database_)).value();
    }
    const postgres::Options& database() const { return database_; }

private:
    boost::asio::io_context& io_;
    Clock& clock_;
    postgres::Options database_ = shared_postgres().new_database();
    std::unique_ptr<postgres::PostgresMatchStore> matches_;
    std::unique_ptr<postgres::PostgresFleetStore> fleets_;
};

struct Maker {
    std::string name;
    std::function<std::unique_ptr<Stores>(boost::asio::io_context&, Clock&)> make;
};
void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

template <class Kind>
Maker maker(std::string name) {
    return {.name = std::move(name),
            .make = [](boost::asio::io_context& io, Clock& clock) -> std::unique_ptr<Stores> { return std::make_unique<Kind>(io, clock); }};
}

UuidBits numbered_bits(std::uint8_t number) { return uuid_from_random({number}); }

fleet::Fleet fleet_named(std::string name) {
    fleet::Fleet fleet;
    fleet.name = std::move(name);
    fleet.game = "match-server";
    fleet.package = "small";
    fleet.settings = {{"motd", Value("hello")}};
    fleet.ready = 3;
    fleet.autopilot = fleet::Autopilot{.least = 2, .most = 9, .percent = 30, .calm = 1min};
    fleet.generation = 4;
    return fleet;
}

FleetServer server_named(std::uint8_t number, std::string name) {
    FleetServer server;
    server.uid = ServerUid(numbered_bits(number));
    server.name = std::move(name);
    server.fleet = "warm";
    server.game = "match-server";
    server.since = Time(1h);
    server.ports = {{.role = "game", .open = Port{30'001}, .bound = Port{30'001}}};
    server.slot = fleet_slots_first + number;
    return server;
}

class FleetStoreContract : public testing::TestWithParam<Maker> {
protected:
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    FleetStore& store() { return stores_->fleets(); }
    std::vector<FleetServer> servers() { return wait(store().servers()).value(); }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    std::unique_ptr<Stores> stores_ = GetParam().make(io_, clock_);
    Epoch epoch_ = wait(stores_->matches().next_epoch()).value();
};

INSTANTIATE_TEST_SUITE_P(All, FleetStoreContract,
                         testing::Values(maker<MemoryStores>("memory"), maker<SqliteStores>("sqlite"), maker<PostgresStores>("postgres")),
                         [](const auto& it) { return it.param.name; });

TEST_P(FleetStoreContract, FleetsAreKeptByTheirNames) {
    const auto warm = fleet_named("warm"), cold = fleet_named("cold");
    ASSERT_TRUE(wait(store().put(warm)));
    ASSERT_TRUE(wait(store().put(cold)));
    stores_->restart();
    EXPECT_EQ(wait(store().fleets()).value(), (std::vector{cold, warm}));

    auto other = warm;
    other.ready = 0;
    ASSERT_TRUE(wait(store().put(other)));
    ASSERT_TRUE(wait(store().remove_fleet("cold")));
    ASSERT_TRUE(wait(store().remove_fleet("cold"))) << "a lost answer, asked for again";
    EXPECT_EQ(wait(store().fleets()).value(), std::vector{other});
}

TEST_P(FleetStoreContract, WhoeverWatchesHearsOfAChangedFleet) {
    int heard = 0;
    const auto watch = store().watch([&] { ++heard; });
    ASSERT_TRUE(wait(store().put(fleet_named("warm"))));
    io_.restart();
    io_.poll();
    EXPECT_EQ(heard, 1);
}

TEST_P(FleetStoreContract, ServersAreThereUntilTheyAreRemoved) {
    auto first = server_named(1, "warm-1"), second = server_named(2, "warm-0");
    ASSERT_TRUE(wait(store().put(first, epoch_)));
    ASSERT_TRUE(wait(store().put(second, epoch_)));
    first.state = fleet::ServerState::allocated;
    first.match = MatchId(numbered_bits(9));
    ASSERT_TRUE(wait(store().put(first, epoch_)));
    stores_->restart();
    EXPECT_EQ(servers(), (std::vector{second, first})) << "by name, with what was stored last";

    ASSERT_TRUE(wait(store().remove(first.uid, epoch_)));
    ASSERT_TRUE(wait(store().remove(first.uid, epoch_)));
    EXPECT_EQ(servers(), std::vector{second});
}

// Another one that comes late finds the door closed.
TEST_P(FleetStoreContract, ANewerMatchmakerFencesAnOlderOne) {
    const auto server = server_named(1, "warm-1");
    ASSERT_TRUE(wait(store().put(server, epoch_)));
    const auto newer = wait(stores_->matches().next_epoch()).value();

    const auto put = wait(store().put(server_named(2, "warm-2"), epoch_));
    const auto removed = wait(store().remove(server.uid, epoch_));

    ASSERT_FALSE(put);
    ASSERT_FALSE(removed);
    EXPECT_EQ(put.error().kind, Kind::fenced);
    EXPECT_EQ(removed.error().kind, Kind::fenced);
    EXPECT_EQ(servers(), std::vector{server});
    EXPECT_TRUE(wait(store().remove(server.uid, newer)));
}

TEST_P(FleetStoreContract, TwoServersHaveTwoNames) {
    const auto first = server_named(1, "game-server-1a2b3c4d");
    ASSERT_TRUE(wait(store().put(first, epoch_)));

    const auto second = wait(store().put(server_named(2, first.name), epoch_));

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::conflict);
    EXPECT_EQ(servers(), std::vector{first});
}

// Which replica changes a fleet, and which one keeps it, are two things.
TEST(FleetStorePostgres, ReplicasHearOfOneAnothersFleets) {
    boost::asio::io_context io{1};
    async::ManualClock clock;
    async::TaskGroup tasks(io.get_executor());
    PostgresStores here(io, clock);
    const auto there = async::run_until_done(io, postgres::PostgresFleetStore::open(io.get_executor(), clock, here.database())).value();
    std::optional<Result<Success, StoreError>> put;
    int heard = 0;
    const auto watch = there->watch([&] {
        if (++heard == 1) tasks.spawn("put", async::keep_result(here.fleets().put(fleet_named("warm")), put));
    });
    tasks.spawn("listener", there->run());
    io.restart();
    while (heard < 2 || !put) io.run_one();
    EXPECT_TRUE(*put);
    tasks.cancel();
    async::run_until_done(io, tasks.join());
}

}  // namespace
}  // namespace gk::contract
