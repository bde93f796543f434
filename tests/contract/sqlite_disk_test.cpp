#include <cstdlib>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "domain/server/counted_version.hpp"
#include "tests/contract/faulty_disk.hpp"
#include "tests/contract/stores.hpp"
#include "tests/support/temporary_directory.hpp"

// What becomes of acknowledged changes when the disk misbehaves (reliability: P1, I5, R3 to R6).
namespace gk::contract {
namespace {

using Fault = FaultyDisk::Fault;
using Kind = StoreError::Kind;

// How often: a little in every test run, all of it when GK_SOAK is set (make soak).
std::uint64_t times(std::uint64_t usually, std::uint64_t in_soak) { return std::getenv("GK_SOAK") != nullptr ? in_soak : usually; }

class SqliteOnAFaultyDisk : public testing::Test {
protected:
    Result<Success, StoreError> start() {
        auto opened = sqlite::Database::open(io_.get_executor(), path());
        if (!opened) return std::unexpected(opened.error());
        db_ = std::move(*opened);
        servers_.emplace(io_.get_executor(), *db_);
        ledger_.emplace(io_.get_executor(), *db_);
        return Success{};
    }
    void stop() {
        ledger_.reset();
        servers_.reset();
        db_.reset();
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    Result<server::Version, StoreError> create(int number) { return wait(servers_->create(numbered_record(number))); }
    static server::Record numbered_record(int number) {
        server::Record record;
        UuidBits bits{};
        bits[0] = static_cast<std::uint8_t>(number);
        bits[1] = static_cast<std::uint8_t>(number >> 8);
        record.uid = ServerUid(uuid_from_random(bits));
        record.id = "server-" + std::to_string(number);
        record.slot = static_cast<std::uint32_t>(number);
        record.message = std::string(200, 'x');
        return record;
    }
    std::string path() const { return directory_.path() / "gamekeeper.db"; }

    FaultyDisk disk_;
    test::TemporaryDirectory directory_;
    boost::asio::io_context io_{1};
    std::unique_ptr<sqlite::Database> db_;
    std::optional<sqlite::SqliteServerStore> servers_;
    std::optional<sqlite::SqliteLedger> ledger_;
};

// The operation that began a server has the bits of its uid.
Operation operation_of(const server::Record& record) {
    Operation operation;
    operation.id = *OperationId::parse(record.uid.text());
    operation.server = record.uid;
    return operation;
}

// As the use cases do it: first the operation, and nothing between the two.
Task<Result<server::Version, StoreError>> create_by_operation(Ledger& ledger, ServerStore& servers, server::Record record) {
    CO_TRY_OK(co_await ledger.put_ahead(operation_of(record)));
    co_return co_await servers.create(std::move(record));
}

// R3: at each of the first writes in turn.
TEST_F(SqliteOnAFaultyDisk, SurvivesAFullDiskAndGoesOnWhenThereIsSpace) {
    ASSERT_TRUE(start());
    int stored = 0;
    for (std::uint64_t nth = 1; nth <= 100; ++nth) {
        disk_.arrange(Fault::full, nth);
        while (!disk_.has_happened()) {
            const auto created = create(stored + 1);
            if (created) ++stored;
            else ASSERT_EQ(created.error().kind, Kind::unavailable) << created.error().detail;
        }

        // Reading goes on, writing is refused with the cause.
        if (stored > 0) ASSERT_TRUE(wait(servers_->get(numbered_record(stored).uid))) << nth;
        const auto refused = create(stored + 1);
        ASSERT_FALSE(refused);
        ASSERT_NE(refused.error().detail.find("full"), std::string::npos) << refused.error().detail;

        disk_.mend();
        ASSERT_TRUE(create(stored + 1)) << "after the disk was full at operation " << nth;
        ++stored;
    }
    stop();
    ASSERT_TRUE(start());
    EXPECT_EQ(wait(servers_->list())->size(), static_cast<std::size_t>(stored));
    stop();
}

// R5: power is lost at operation n of a run of creations, replacements and removals; whatever was not synced survives or not.
TEST_F(SqliteOnAFaultyDisk, KeepsWhatWasAcknowledgedWhenThePowerIsLost) {
    std::uint64_t cut = 0;
    for (std::uint64_t seed = 1; seed <= times(100, 1000); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        disk_.files().clear();
        ASSERT_TRUE(start());
        disk_.arrange(Fault::power_loss, 1 + seed % 61, seed);
        std::map<int, server::Version> acknowledged;
        for (int i = 1; i <= 12; ++i) {
            const auto created = create(i);
            ASSERT_TRUE(created);
            if (!disk_.has_happened()) acknowledged[i] = *created;
            auto record = numbered_record(i);
            record.version = *created;
            const auto replaced = wait(servers_->replace(record));
            ASSERT_TRUE(replaced);
            if (!disk_.has_happened()) acknowledged[i] = *replaced;
        }
        stop();
        if (!disk_.has_happened()) continue;
        ++cut;
        disk_.restore_what_was_left();

        const auto started = start();
        ASSERT_TRUE(started) << started.error().detail;
        for (const auto& [number, version] : acknowledged) {
            const auto record = wait(servers_->get(numbered_record(number).uid));
            ASSERT_TRUE(record) << record.error().detail;
            ASSERT_GE(server::count_of(record->version), server::count_of(version)) << "server " << number;
        }
        stop();
    }
    EXPECT_GT(cut, times(100, 1000) / 2);
}

// A record whose operation is unknown is never found, wherever the power went; and both are there once the record was acknowledged.
TEST_F(SqliteOnAFaultyDisk, KeepsTheOperationOfEveryRecordWhenThePowerIsLost) {
    std::uint64_t cut = 0;
    for (std::uint64_t seed = 1; seed <= times(60, 600); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        disk_.files().clear();
        ASSERT_TRUE(start());
        disk_.arrange(Fault::power_loss, 1 + seed % 41, seed);
        int acknowledged = 0;
        for (int i = 1; i <= 12; ++i) {
            ASSERT_TRUE(wait(create_by_operation(*ledger_, *servers_, numbered_record(i))));
            if (!disk_.has_happened()) acknowledged = i;
        }
        stop();
        if (!disk_.has_happened()) continue;
        ++cut;
        disk_.restore_what_was_left();

        ASSERT_TRUE(start());
        for (int i = 1; i <= acknowledged; ++i) ASSERT_TRUE(wait(servers_->get(numbered_record(i).uid)));
        const auto left = wait(servers_->list());
        for (const auto& record : *left) ASSERT_TRUE(wait(ledger_->operation(operation_of(record).id))) << record.id;
        stop();
    }
    EXPECT_GT(cut, times(60, 600) / 2);
}

TEST_F(SqliteOnAFaultyDisk, StoresNeitherTheOperationNorTheRecordOnAFullDisk) {
    ASSERT_TRUE(start());
    int number = 0;
    for (std::uint64_t nth = 1; nth <= 20; ++nth) {
        disk_.arrange(Fault::full, nth);
        Result<server::Version, StoreError> created = server::Version{};
        while (created) created = wait(create_by_operation(*ledger_, *servers_, numbered_record(++number)));
        EXPECT_EQ(created.error().kind, Kind::unavailable);
        disk_.mend();

        const auto refused = numbered_record(number);
        EXPECT_EQ(wait(servers_->get(refused.uid)).error().kind, Kind::not_found) << nth;
        EXPECT_EQ(wait(ledger_->operation(operation_of(refused).id)).error().kind, Kind::not_found) << nth;
    }
    stop();
}

// The same with many callers at once, whose requests share commits, and long enough for checkpoints.
Task<void> create_many(sqlite::SqliteServerStore& servers, const FaultyDisk& disk, std::vector<server::Record> records,
                       std::vector<ServerUid>& acknowledged) {
    for (auto& record : records) {
        const auto uid = record.uid;
        const auto created = co_await servers.create(std::move(record));
        if (created && !disk.has_happened()) acknowledged.push_back(uid);
    }
}

TEST_F(SqliteOnAFaultyDisk, KeepsWhatWasAcknowledgedToManyAtOnce) {
    for (std::uint64_t seed = 1; seed <= times(4, 100); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        disk_.files().clear();
        ASSERT_TRUE(start());
        disk_.arrange(Fault::power_loss, 20 + seed * 37, seed);
        std::vector<ServerUid> acknowledged;
        async::TaskGroup clients(io_.get_executor());
        for (int client = 0; client < 10; ++client) {
            std::vector<server::Record> records;
            for (int i = 0; i < 40; ++i) records.push_back(numbered_record(1 + client * 40 + i));
            clients.spawn("client", create_many(*servers_, disk_, std::move(records), acknowledged));
        }
        async::run_until_done(io_, clients.join());
        stop();
        ASSERT_TRUE(disk_.has_happened());
        disk_.restore_what_was_left();

        const auto started = start();
        ASSERT_TRUE(started) << started.error().detail;
        for (const auto uid : acknowledged) ASSERT_TRUE(wait(servers_->get(uid)));
        stop();
    }
}

using SqliteOnAFailingDisk = SqliteOnAFaultyDisk;

// R4: never ask twice. (Each death is that of a child that shares our directory, so that we remove it.)
TEST_F(SqliteOnAFailingDisk, EndsTheProcessAtTheFirstFailedSync) {
    const auto fail = [&](Fault fault, std::uint64_t nth) {
        if (!start()) return;
        disk_.arrange(fault, nth);
        for (int i = 1; !disk_.has_happened(); ++i) {
            // The answer is of no interest: there must be none.
            if (!create(i)) std::exit(0);
        }
        std::exit(0);
    };

    EXPECT_DEATH(fail(Fault::sync_fails, 1), "the disk failed under the database");
    EXPECT_DEATH(fail(Fault::sync_fails, 50), "the disk failed under the database");
    EXPECT_DEATH(fail(Fault::write_fails, 7), "the disk failed under the database");
}

// R6: a flip anywhere in the file is found at the start, found when the row is read, or changes nothing.
TEST_F(SqliteOnAFaultyDisk, NeverActsOnAFlippedByte) {
    ASSERT_TRUE(start());
    std::map<ServerUid, server::Record> truth;
    for (int i = 1; i <= 8; ++i) {
        auto record = numbered_record(i);
        record.version = *create(i);
        truth.emplace(record.uid, record);
    }
    stop();
    const auto good = disk_.files();
    const auto size = good.at(path()).seen.size();
    int refused = 0;
    int found_in_rows = 0;

    for (std::size_t offset = 0; offset < size; offset += times(397, 1)) {
        disk_.files() = good;
        disk_.files().at(path()).seen[offset] ^= static_cast<std::uint8_t>(1u << (offset % 8));
        if (!start()) {
            ++refused;
            continue;
        }
        const auto all = wait(servers_->list());
        if (!all) {
            ASSERT_EQ(all.error().kind, Kind::corrupt);
            ++found_in_rows;
        } else {
            ASSERT_EQ(all->size(), truth.size()) << "offset " << offset;
            for (const auto& record : *all) ASSERT_EQ(record, truth.at(record.uid)) << "offset " << offset;
        }
        stop();
    }
    EXPECT_GT(refused, 0);
    EXPECT_GT(found_in_rows, 0);
}

}  // namespace
}  // namespace gk::contract
