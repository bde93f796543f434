#include "adapters/redis/match_index.hpp"

#include <memory>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/match_store.hpp"
#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/task_group.hpp"
#include "tests/contract/redis_server.hpp"
#include "tests/support/turns.hpp"

// What other programs see in Redis of who waits and plays, and what becomes of that when Redis goes (S1-16, S1-17).
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using match::MatchState;
using redis::Reply;
using Words = std::vector<std::string>;

class MatchIndexTest : public testing::Test {
protected:
    MatchIndexTest() { begin(server_.client()); }
    ~MatchIndexTest() override { end(); }

    void begin(redis::ClientOptions client) {
        redis::MatchIndex::Options options;
        options.client = std::move(client);
        options.queue = "casual";
        index_ = std::make_unique<redis::MatchIndex>(io_.get_executor(), clock_, random_, store_, std::move(options));
        tasks_ = std::make_unique<async::TaskGroup>(io_.get_executor());
        tasks_->spawn("index", index_->run());
    }
    void end() {
        tasks_->cancel();
        async::run_until_done(io_, tasks_->join());
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io_, std::move(task));
    }
    match::Ticket join(std::string player, std::string queue = "casual") {
        clock_.advance(1ms);  // Who comes later waits behind.
        match::Ticket ticket;
        ticket.id = random_.id<TicketId>();
        ticket.queues = {std::move(queue)};
        ticket.players.push_back({.id = std::move(player), .attributes = {}, .latencies = {}, .blocked = {}});
        ticket.joined_at = clock_.now();
        ticket.expires_at = clock_.now() + 300s;
        EXPECT_TRUE(wait(store_.join(ticket)));
        return ticket;
    }
    match::Match commit(const std::vector<match::Ticket>& tickets) {
        match::Match match;
        match.id = random_.id<MatchId>();
        match.queue = "casual";
        for (const auto& ticket : tickets) {
            match.members.push_back({.player = ticket.players[0].id, .ticket = ticket.id, .team = "all", .accepted = {}, .left_at = {}});
        }
        std::vector<match::Match> matches{match};
        EXPECT_TRUE(wait(store_.commit(std::move(matches), epoch_)).value().front().is_committed);
        return match;
    }
    void become(match::Match& match, MatchState state, std::vector<TicketId> put_back = {}) {
        match.state = state;
        if (state == MatchState::assigned) match.server = match::MatchServer{.name = "game-server-1", .host = "10.0.0.7", .port = 7001};
        EXPECT_TRUE(wait(store_.advance(match, std::move(put_back), clock_.now(), epoch_)));
    }
    // As another program asks Redis; "-" when it does not answer.
    std::string ask(const Words& words) {
        redis::Client client(io_.get_executor(), clock_, server_.client());
        if (!wait(client.open())) return "-";
        redis::Commands commands;
        commands.add(words);
        const auto replies = wait(client.run(std::move(commands)));
        if (!replies) return replies.error();
        const auto& reply = replies->front();
        if (reply.kind == Reply::Kind::number) return std::to_string(reply.number);
        std::string all = reply.text;
        for (const auto& item : reply.items) all += (all.empty() ? "" : " ") + item.text;
        return all;
    }
    std::string queue(const std::string& key = "matchmaking_queue") { return ask({"LRANGE", key, "0", "-1"}); }
    bool comes_to(const Words& words, const std::string& wanted) {
        return test::turn_until(io_, [&] { return ask(words) == wanted; });
    }
    bool waits(const std::string& wanted) { return comes_to({"LRANGE", "matchmaking_queue", "0", "-1"}, wanted); }
    // Lets time pass until it is so: pauses and time limits are over in it.
    bool waits_in_time(const std::string& wanted, Milliseconds most) {
        for (Milliseconds gone{0}; gone <= most; gone += 100ms) {
            if (test::turn_until(io_, [&] { return queue() == wanted; }, 3)) return true;
            clock_.advance(100ms);
        }
        return false;
    }

    boost::asio::io_context io_{1};
    async::ManualClock clock_;
    memory::SeededRandom random_{7};
    std::shared_ptr<memory::MatchState> state_ = std::make_shared<memory::MatchState>();
    memory::MemoryMatchStore store_{io_.get_executor(), state_};
    Epoch epoch_ = async::run_until_done(io_, store_.next_epoch()).value();
    RedisServer server_;
    std::unique_ptr<redis::MatchIndex> index_;
    std::unique_ptr<async::TaskGroup> tasks_;
};

TEST_F(MatchIndexTest, WhoWaitsIsListedInOrder) {
    join("ann");
    const auto ben = join("ben");
    join("cleo");
    join("dan", "ranked");

    EXPECT_TRUE(waits("ann ben cleo"));
    EXPECT_TRUE(comes_to({"LRANGE", "matchmaking_queue:ranked", "0", "-1"}, "dan"));
    EXPECT_EQ(ask({"GET", "matchmaking:queued_at:ann"}), std::to_string(clock_.now().time_since_epoch() / 1s));
    EXPECT_EQ(ask({"TTL", "matchmaking:queued_at:ann"}), "300");

    ASSERT_TRUE(wait(store_.cancel(ben.id, clock_.now())));
    EXPECT_TRUE(waits("ann cleo"));
    EXPECT_EQ(ask({"EXISTS", "matchmaking:queued_at:ben"}), "0");
}

TEST_F(MatchIndexTest, AMatchIsShownWhileItHasAServer) {
    const auto ann = join("ann"), ben = join("ben");
    auto match = commit({ann, ben});
    EXPECT_TRUE(waits(""));
    EXPECT_EQ(ask({"SCARD", "active_sessions"}), "0") << "nobody can go there yet";

    become(match, MatchState::assigned);
    const auto session = "session:" + match.id.text();
    EXPECT_TRUE(comes_to({"SMEMBERS", "active_sessions"}, match.id.text()));
    EXPECT_EQ(ask({"MGET", session + ":pod", session + ":host", session + ":port"}), "game-server-1 10.0.0.7 7001");

    become(match, MatchState::ended);
    EXPECT_TRUE(comes_to({"SCARD", "active_sessions"}, "0"));
    EXPECT_EQ(ask({"EXISTS", session + ":pod", session + ":host", session + ":port"}), "0");
}

// S1-11: whoever is put back is in front.
TEST_F(MatchIndexTest, WhoeverIsPutBackIsInFront) {
    const auto ann = join("ann");
    auto match = commit({ann});
    join("ben");
    EXPECT_TRUE(waits("ben"));
    become(match, MatchState::failed, {ann.id});
    EXPECT_TRUE(waits("ann ben"));
}

// S1-16.
TEST_F(MatchIndexTest, AnAddressLastsAsLongAsItsMatch) {
    auto match = commit({join("ann")});
    become(match, MatchState::assigned);
    const auto host = "session:" + match.id.text() + ":host";
    ASSERT_TRUE(comes_to({"GET", host}, "10.0.0.7"));
    EXPECT_GT(std::stoi(ask({"TTL", host})), 100) << "it goes by itself when nobody is left to say that the match has ended";
    EXPECT_EQ(ask({"EXPIRE", host, "7"}), "1");

    clock_.advance(100s);
    EXPECT_TRUE(test::turn_until(io_, [&] { return std::stoi(ask({"TTL", host})) > 7; }));
}

// S1-17, R8. Joins know nothing of Redis; what it shows is right again in less than 5 s.
TEST_F(MatchIndexTest, ARedisThatWasAwayIsFilledAnew) {
    const auto ann = join("ann");
    auto match = commit({join("ben")});
    become(match, MatchState::assigned);
    ASSERT_TRUE(waits("ann"));

    server_.crash();
    join("cleo");
    become(match, MatchState::ended);
    ASSERT_TRUE(wait(store_.cancel(ann.id, clock_.now())));
    clock_.advance(60s);
    io_.restart();
    io_.poll();
    join("dan");
    server_.start();

    EXPECT_TRUE(waits_in_time("cleo dan", 5s));
    EXPECT_EQ(ask({"SCARD", "active_sessions"}), "0");
    join("eve");
    EXPECT_TRUE(waits("cleo dan eve")) << "and followed again";
}

TEST_F(MatchIndexTest, ARedisThatAnswersNobodyIsGivenUpAndFilledAnew) {
    join("ann");
    ASSERT_TRUE(waits("ann"));
    server_.halt();
    join("ben");
    for (int i = 0; i < 100; ++i) {
        clock_.advance(100ms);
        io_.restart();
        io_.poll();
    }
    join("cleo");
    server_.go_on();
    EXPECT_TRUE(waits_in_time("ann ben cleo", 5s));
}

// What is found there is not believed.
TEST_F(MatchIndexTest, WhatAnotherHasLeftBehindIsReplaced) {
    ASSERT_TRUE(waits(""));
    end();
    join("ann");
    EXPECT_EQ(ask({"RPUSH", "matchmaking_queue", "zoe", "zoe"}), "2");
    EXPECT_EQ(ask({"SADD", "active_sessions", "an old one"}), "1");
    begin(server_.client());
    EXPECT_TRUE(waits("ann"));
    EXPECT_EQ(ask({"SCARD", "active_sessions"}), "0");
}

TEST_F(MatchIndexTest, ManyAreFilledInInPages) {
    ASSERT_TRUE(waits(""));
    end();
    for (int i = 0; i < 2'500; ++i) join("p" + std::to_string(i));
    begin(server_.client());
    EXPECT_TRUE(comes_to({"LLEN", "matchmaking_queue"}, "2500"));
    EXPECT_EQ(ask({"LINDEX", "matchmaking_queue", "2499"}), "p2499");
}

TEST(RedisClient, APasswordIsAskedForAndSaid) {
    boost::asio::io_context io{1};
    async::ManualClock clock;
    RedisServer server({"--requirepass", "geheim"});
    auto options = server.client();
    redis::Client stranger(io.get_executor(), clock, options);
    options.password = Secret("geheim");
    redis::Client friend_of_ours(io.get_executor(), clock, options);

    const auto refused = async::run_until_done(io, stranger.open());
    const auto admitted = async::run_until_done(io, friend_of_ours.open());

    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().starts_with("Redis refuses: NOAUTH")) << refused.error();
    EXPECT_TRUE(admitted) << admitted.error();
}

}  // namespace
}  // namespace gk::contract
