#include "adapters/postgres/match_office.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/contract/postgres_server.hpp"
#include "tests/support/turns.hpp"

namespace gk::contract {
namespace {

class MatchOfficeTest : public testing::Test {
protected:
    ~MatchOfficeTest() override {
        tasks_.cancel();
        async::run_until_done(io_, tasks_.join());
    }
    void stand(MatchOffice& office, std::optional<std::shared_ptr<void>>& term) { tasks_.spawn("office", async::keep_result(office.take(), term)); }
    postgres::PostgresMatchOffice office(const postgres::Options& options, postgres::PostgresMatchOffice::Reached reached = {}) {
        return {io_.get_executor(), clock_, options, std::move(reached)};
    }
    std::optional<std::string> holder(MatchOffice& asked) { return async::run_until_done(io_, asked.holder()).value(); }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    async::TaskGroup tasks_{io_.get_executor()};
};

TEST_F(MatchOfficeTest, OneHasItAndTheNextGetsItWhenItIsLaidDown) {
    const auto options = shared_postgres().new_database();
    auto here = office(options), there = office(options), elsewhere = office(shared_postgres().new_database());
    std::optional<std::shared_ptr<void>> ours, theirs, of_another_database;
    stand(here, ours);
    ASSERT_TRUE(test::turn_until(io_, [&] { return ours.has_value(); }));
    stand(there, theirs);
    // Whoever asks after them has been answered when they still wait.
    stand(elsewhere, of_another_database);
    ASSERT_TRUE(test::turn_until(io_, [&] { return of_another_database.has_value(); }));
    EXPECT_FALSE(theirs);

    ours->reset();
    ASSERT_TRUE(test::turn_until(io_, [&] { return theirs.has_value(); }));
}

TEST_F(MatchOfficeTest, EveryoneKnowsWhereItsHolderIsReachedAsLongAsItHoldsIt) {
    const auto options = shared_postgres().new_database();
    auto here = office(options, {.host = "192.0.2.7", .port = 8080}), there = office(options, {.host = "2001:db8::7", .port = 8081});
    std::optional<std::shared_ptr<void>> ours, theirs;
    EXPECT_EQ(holder(there), std::nullopt);
    stand(here, ours);
    ASSERT_TRUE(test::turn_until(io_, [&] { return ours.has_value(); }));
    stand(there, theirs);

    EXPECT_EQ(holder(here), "http://192.0.2.7:8080");
    EXPECT_EQ(holder(there), "http://192.0.2.7:8080");
    auto elsewhere = office(shared_postgres().new_database());
    EXPECT_EQ(holder(elsewhere), std::nullopt);

    ours->reset();
    ASSERT_TRUE(test::turn_until(io_, [&] { return theirs.has_value(); }));
    EXPECT_EQ(holder(here), "http://[2001:db8::7]:8081");
}

// PostgreSQL cuts names of sessions at 63 bytes.
TEST_F(MatchOfficeTest, AlsoTheLongestAddressIsToldAndThatItSpeaksTls) {
    const std::string longest = "2001:0db8:ffff:ffff:ffff:ffff:ffff:ffff";
    auto here = office(shared_postgres().new_database(), {.host = longest, .port = 65535, .is_tls = true});
    std::optional<std::shared_ptr<void>> ours;
    stand(here, ours);
    ASSERT_TRUE(test::turn_until(io_, [&] { return ours.has_value(); }));
    EXPECT_EQ(holder(here), "https://[" + longest + "]:65535");
}

TEST_F(MatchOfficeTest, AServerThatWasAwayIsAskedAgain) {
    PostgresServer server;
    const auto options = server.new_database();
    server.crash();
    auto here = office(options);
    std::optional<std::shared_ptr<void>> ours;
    stand(here, ours);
    io_.restart();
    while (clock_.sleepers() == 0) io_.run_one();
    server.start();
    while (!ours) {
        clock_.advance(options.retry_first);
        io_.restart();
        io_.run_for(std::chrono::milliseconds(10));
    }
}

}  // namespace
}  // namespace gk::contract
