#include "tests/contract/match_stores.hpp"

#include <optional>

#include <gtest/gtest.h>

#include "adapters/memory/match_store.hpp"
#include "adapters/postgres/match_store.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "async/run.hpp"
#include "base/assert.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::contract {
namespace {

class MemoryMatchStores final : public MatchStores {
public:
    MemoryMatchStores(boost::asio::io_context& io, Clock&) : io_(io) { restart(); }
    MatchStore& here() override { return *here_; }
    MatchStore& there() override { return *there_; }
    void restart() override {
        here_.emplace(io_.get_executor(), state_);
        there_.emplace(io_.get_executor(), state_);
    }

private:
    boost::asio::io_context& io_;
    std::shared_ptr<memory::MatchState> state_ = std::make_shared<memory::MatchState>();
    std::optional<memory::MemoryMatchStore> here_;
    std::optional<memory::MemoryMatchStore> there_;
};

class SqliteMatchStores final : public MatchStores {
public:
    SqliteMatchStores(boost::asio::io_context& io, Clock&) : io_(io) { restart(); }
    MatchStore& here() override { return *here_; }
    MatchStore& there() override { return *there_; }
    void restart() override {
        db_.reset();
        auto db = sqlite::Database::open(io_.get_executor(), directory_.path() / "gamekeeper.db");
        ASSERT(db.has_value(), "the test database opens");
        db_ = std::move(*db);
        here_.emplace(io_.get_executor(), *db_);
        there_.emplace(io_.get_executor(), *db_);
    }

private:
    boost::asio::io_context& io_;
    test::TemporaryDirectory directory_;
    std::unique_ptr<sqlite::Database> db_;
    std::optional<sqlite::SqliteMatchStore> here_;
    std::optional<sqlite::SqliteMatchStore> there_;
};

class PostgresMatchStores final : public MatchStores {
public:
    PostgresMatchStores(boost::asio::io_context& io, Clock& clock) : io_(io), clock_(clock), database_(shared_postgres().new_database()) {
        restart();
    }
    MatchStore& here() override { return *here_; }
    MatchStore& there() override { return *there_; }
    void restart() override {
        here_ = open();
        there_ = open();
    }

private:
    std::unique_ptr<postgres::PostgresMatchStore> open() {
        auto opened = async::run_until_done(io_, postgres::PostgresMatchStore::open(io_.get_executor(), clock_, database_));
        if (!opened) ADD_FAILURE() << opened.error().detail;
        ASSERT(opened.has_value(), "the test database opens");
        return std::move(*opened);
    }

    boost::asio::io_context& io_;
    Clock& clock_;
    postgres::Options database_;
    std::unique_ptr<postgres::PostgresMatchStore> here_;
    std::unique_ptr<postgres::PostgresMatchStore> there_;
};

template <class Kind>
MatchStoresMaker maker(std::string name) {
    return {.name = std::move(name),
            .make = [](boost::asio::io_context& io, Clock& clock) -> std::unique_ptr<MatchStores> { return std::make_unique<Kind>(io, clock); }};
}

}  // namespace

std::vector<MatchStoresMaker> all_match_stores() {
    return {maker<MemoryMatchStores>("memory"), maker<SqliteMatchStores>("sqlite"), maker<PostgresMatchStores>("postgres")};
}

}  // namespace gk::contract
