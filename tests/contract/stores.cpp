#include "tests/contract/stores.hpp"

#include <filesystem>

#include "adapters/memory/ledger.hpp"
#include "adapters/memory/port_map.hpp"
#include "adapters/memory/server_store.hpp"
#include "adapters/postgres/ledger.hpp"
#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/port_map.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "base/assert.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::contract {
namespace {

class MemoryStores final : public Stores {
public:
    MemoryStores(boost::asio::io_context& io, const Clock& clock, StoresOptions options) : io_(io), clock_(clock), options_(std::move(options)) {
        start();
    }
    ServerStore& servers() override { return *servers_; }
    Ledger& ledger() override { return *ledger_; }
    PortMap& ports() override { return *ports_; }
    void restart() override { start(); }

private:
    void start() {
        servers_.emplace(io_.get_executor(), state_);
        ledger_.emplace(io_.get_executor(), state_, memory::MemoryLedger::Limits{.events_kept = options_.events_kept});
        ports_.emplace(state_, clock_, memory::MemoryPortMap::Rules{.range = options_.range, .foreign = options_.foreign});
    }

    boost::asio::io_context& io_;
    const Clock& clock_;
    StoresOptions options_;
    std::shared_ptr<memory::StoreState> state_ = std::make_shared<memory::StoreState>();
    std::optional<memory::MemoryServerStore> servers_;
    std::optional<memory::MemoryLedger> ledger_;
    std::optional<memory::MemoryPortMap> ports_;
};

class SqliteStores final : public Stores {
public:
    SqliteStores(boost::asio::io_context& io, const Clock& clock, StoresOptions options) : io_(io), clock_(clock), options_(std::move(options)) {
        start();
    }
    ServerStore& servers() override { return *servers_; }
    Ledger& ledger() override { return *ledger_; }
    PortMap& ports() override { return *ports_; }
    void restart() override {
        db_.reset();
        start();
    }

private:
    void start() {
        auto db = sqlite::Database::open(io_.get_executor(), directory_.path() / "gamekeeper.db");
        ASSERT(db.has_value(), "the test database opens");
        db_ = std::move(*db);
        servers_.emplace(io_.get_executor(), *db_);
        ledger_.emplace(io_.get_executor(), *db_, sqlite::SqliteLedger::Limits{.events_kept = options_.events_kept});
        ports_.emplace(*db_, *servers_, clock_, sqlite::SqlitePortMap::Rules{.range = options_.range, .foreign = options_.foreign});
    }

    boost::asio::io_context& io_;
    const Clock& clock_;
    StoresOptions options_;
    test::TemporaryDirectory directory_;
    std::unique_ptr<sqlite::Database> db_;
    std::optional<sqlite::SqliteServerStore> servers_;
    std::optional<sqlite::SqliteLedger> ledger_;
    std::optional<sqlite::SqlitePortMap> ports_;
};

class PostgresStores final : public Stores {
public:
    PostgresStores(boost::asio::io_context& io, Clock& clock, StoresOptions options)
        : io_(io),
          clock_(clock),
          memory_(io, clock, options),
          database_(shared_postgres().new_database()) {
        database_.events_kept = options.events_kept;
        start();
    }
    ServerStore& servers() override { return memory_.servers(); }
    Ledger& ledger() override { return *ledger_; }
    PortMap& ports() override { return memory_.ports(); }
    void restart() override {
        memory_.restart();
        start();
    }

private:
    void start() {
        ledger_.reset();
        auto opened = async::run_until_done(io_, postgres::PostgresLedger::open(io_.get_executor(), clock_, database_));
        ASSERT(opened.has_value(), "the test database opens");
        ledger_ = std::move(*opened);
    }

    boost::asio::io_context& io_;
    Clock& clock_;
    MemoryStores memory_;
    postgres::Options database_;
    std::unique_ptr<postgres::PostgresLedger> ledger_;
};

template <class Kind>
StoresMaker maker(std::string name) {
    return {.name = std::move(name), .make = [](boost::asio::io_context& io, Clock& clock, StoresOptions options) -> std::unique_ptr<Stores> {
                return std::make_unique<Kind>(io, clock, std::move(options));
            }};
}

}  // namespace

std::vector<StoresMaker> all_stores() { return {maker<MemoryStores>("memory"), maker<SqliteStores>("sqlite")}; }

std::vector<StoresMaker> all_ledgers() {
    auto all = all_stores();
    all.push_back(maker<PostgresStores>("postgres"));
    return all;
}

}  // namespace gk::contract
