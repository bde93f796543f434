#include <cstdlib>
#include <map>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/sqlite/match_store.hpp"
#include "async/task_group.hpp"
#include "tests/contract/faulty_disk.hpp"
#include "tests/contract/match_store_suite.hpp"
#include "tests/support/temporary_directory.hpp"

// What becomes of acknowledged joins and matches when the disk misbehaves (reliability: R3, R5).
namespace gk::contract {
namespace {

using Fault = FaultyDisk::Fault;
using Kind = StoreError::Kind;

// How often: a little in every test run, more of it when GK_SOAK is set (make soak).
int times(int usually, int in_soak) { return std::getenv("GK_SOAK") != nullptr ? in_soak : usually; }

class MatchesOnAFaultyDisk : public testing::Test {
protected:
    Result<Success, StoreError> start() {
        auto opened = sqlite::Database::open(io_.get_executor(), directory_.path() / "gamekeeper.db");
        if (!opened) return std::unexpected(opened.error());
        db_ = std::move(*opened);
        store_.emplace(io_.get_executor(), *db_);
        return Success{};
    }
    void stop() {
        store_.reset();
        db_.reset();
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    // Each player is in at most one match, and waits or plays as the match says.
    void check_whole() {
        const auto matches = wait(store_->matches({.player = {}, .queue = {}, .limit = 1000, .after = {}}));
        ASSERT_TRUE(matches) << matches.error().detail;
        std::map<std::string, MatchId> plays;
        for (const auto& match : *matches) {
            for (const auto& member : match.members) {
                EXPECT_TRUE(plays.emplace(member.player, match.id).second) << member.player << " is in two matches";
                const auto ticket = wait(store_->ticket(member.ticket));
                ASSERT_TRUE(ticket) << ticket.error().detail;
                EXPECT_EQ(ticket->match, match.id);
                EXPECT_EQ(ticket->state, is_over(match.state) ? TicketState::ended : TicketState::matched);
            }
        }
    }

    FaultyDisk disk_;
    test::TemporaryDirectory directory_;
    boost::asio::io_context io_{1};
    std::unique_ptr<sqlite::Database> db_;
    std::optional<sqlite::SqliteMatchStore> store_;
};

std::string name_of(int player) { return "p" + std::to_string(player); }

struct Acknowledged {
    std::vector<TicketId> joined;
    std::vector<MatchId> committed, ended;
};

// Joins two, makes their match, ends it; remembers what was acknowledged before the power went.
Task<void> play(sqlite::SqliteMatchStore& store, const FaultyDisk& disk, int pair, Epoch epoch, Acknowledged& known) {
    std::vector<match::Ticket> tickets{ticket(2 * pair, {name_of(2 * pair)}), ticket(2 * pair + 1, {name_of(2 * pair + 1)})};
    for (const auto& it : tickets) {
        const auto joined = co_await store.join(it);
        if (joined && !disk.has_happened()) known.joined.push_back(it.id);
    }
    auto match = match_of(pair, tickets);
    std::vector<match::Match> matches{match};
    const auto committed = co_await store.commit(std::move(matches), epoch);
    if (committed && !disk.has_happened()) known.committed.push_back(match.id);
    if (pair % 2 == 0) co_return;
    match.state = MatchState::ended;
    std::vector<TicketId> nobody;
    const auto ended = co_await store.advance(match, std::move(nobody), start + std::chrono::seconds(90), epoch);
    if (ended && !disk.has_happened()) known.ended.push_back(match.id);
}

TEST_F(MatchesOnAFaultyDisk, KeepWhatWasAcknowledgedWhenThePowerIsLost) {
    int cut = 0;
    for (int seed = 1; seed <= times(15, 300); ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        disk_.files().clear();
        ASSERT_TRUE(start());
        const auto epoch = wait(store_->next_epoch()).value();
        disk_.arrange(Fault::power_loss, static_cast<std::uint64_t>(1 + seed * 13 % 150), static_cast<std::uint64_t>(seed));
        Acknowledged known;
        async::TaskGroup players(io_.get_executor());
        for (int pair = 0; pair < 30; ++pair) players.spawn("play", play(*store_, disk_, pair, epoch, known));
        async::run_until_done(io_, players.join());
        stop();
        if (!disk_.has_happened()) continue;
        ++cut;
        disk_.restore_what_was_left();

        const auto started = start();
        ASSERT_TRUE(started) << started.error().detail;
        for (const auto id : known.joined) ASSERT_TRUE(wait(store_->ticket(id)));
        for (const auto id : known.committed) ASSERT_TRUE(wait(store_->match(id)));
        for (const auto id : known.ended) ASSERT_EQ(wait(store_->match(id))->state, MatchState::ended);
        check_whole();
        stop();
    }
    EXPECT_GT(cut, times(15, 300) / 2);
}

TEST_F(MatchesOnAFaultyDisk, RefuseJoinsOnAFullDiskAndGoOnWhenThereIsSpace) {
    ASSERT_TRUE(start());
    int joined = 0;
    for (std::uint64_t nth = 1; nth <= 40; ++nth) {
        disk_.arrange(Fault::full, nth);
        while (!disk_.has_happened()) {
            const auto answer = wait(store_->join(ticket(joined, {name_of(joined)})));
            if (answer) ++joined;
            else ASSERT_EQ(answer.error().kind, Kind::unavailable) << answer.error().detail;
        }
        disk_.mend();
        ASSERT_TRUE(wait(store_->join(ticket(joined, {name_of(joined)})))) << "after the disk was full at operation " << nth;
        ++joined;
    }
    stop();
    ASSERT_TRUE(start());
    EXPECT_EQ(wait(store_->waiting({}, 10'000))->size(), static_cast<std::size_t>(joined));
    stop();
}

}  // namespace
}  // namespace gk::contract
