// Tickets become matches, and matches get servers: the matchmaker over a store in memory, with a hall whose servers do as they are told.

#include "app/match/matchmaker.hpp"

#include <set>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/match_store.hpp"
#include "adapters/memory/random.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/watchers.hpp"
#include "net/json/json.hpp"

namespace gk::app {
namespace {
using namespace std::chrono_literals;
using match::MatchState;
using match::TicketState;

// What seed 001 does: twelve, or after 15 seconds at least two.
constexpr const char* seed_rules = R"json({
  "name": "seed", "ruleLanguageVersion": "1.0",
  "algorithm": {"expansionAgeSelection": "oldest"},
  "teams": [{"name": "players", "minPlayers": 12, "maxPlayers": 12}],
  "expansions": [{"target": "teams[players].minPlayers", "steps": [{"waitTimeSeconds": 15, "value": 2}]}]
})json";

class FakeHall final : public Hall {
public:
    explicit FakeHall(boost::asio::any_io_executor loop) : ended_(std::move(loop)) {}

    Task<void> work(Shift&) override { co_return; }
    Answer<std::optional<match::MatchServer>> take(match::Match match, QueueRecord) override {
        if (warm == 0) co_return std::nullopt;
        --warm;
        co_return std::optional(server_of(match));
    }
    Answer<match::MatchServer> start(match::Match match, QueueRecord, Time) override {
        ++starts;
        if (failing > 0) {
            --failing;
            co_return std::unexpected(Refusal{.code = "start_timeout", .detail = "never ready"});
        }
        co_return server_of(match);
    }
    Task<void> release(MatchId match) override {
        released.insert(match);
        co_return;
    }
    Task<void> adopt(std::vector<match::Match> live) override {
        adopted = std::move(live);
        co_return;
    }
    std::shared_ptr<void> watch(Ended ended) override { return ended_.add(std::move(ended)); }
    void exit(MatchId match) { ended_.notify(match, "server_exited"); }

    int warm = 0;
    int failing = 0;
    int starts = 0;
    std::set<MatchId> released;
    std::vector<match::Match> adopted;

private:
    static match::MatchServer server_of(const match::Match& match) {
        return {.name = "game-server-" + match.id.text().substr(0, 8), .host = "192.0.2.1", .port = 7777};
    }
    async::Watchers<MatchId, std::string> ended_;
};

class MatchmakerTest : public testing::Test {
protected:
    void SetUp() override { configure(60s); }
    void TearDown() override {
        tasks.cancel();
        wait(tasks.join());
    }

    void configure(Milliseconds ttl) {
        QueueRecord queue;
        queue.name = "casual";
        queue.game = "match-server";
        queue.rules = net::parse_json(seed_rules).value();
        queue.ticket_ttl = ttl;
        queue.silence = 60s;
        ASSERT_TRUE(wait(store.put(queue)));
    }
    void begin() {
        maker = std::make_unique<Matchmaker>(MatchmakerPorts{.store = store, .hall = hall, .clock = clock, .random = random, .off_loop = here},
                                             MatchmakerLimits{});
        tasks.spawn("matchmaker", keep());
        settle();
    }
    Task<void> keep() { why = co_await maker->run(); }
    static Task<void> here(std::function<void()> work) {
        work();
        co_return;
    }
    TicketId join(const std::string& player, Milliseconds ttl = 60s) {
        match::Ticket ticket;
        ticket.id = random.id<TicketId>();
        ticket.queues = {"casual"};
        ticket.players.push_back({.id = player, .attributes = {}, .latencies = {}, .blocked = {}});
        ticket.joined_at = ticket.seen_at = clock.now();
        ticket.expires_at = clock.now() + ttl;
        auto joined = wait(store.join(ticket));
        EXPECT_TRUE(joined);
        if (maker) maker->note(joined->ticket);
        return joined->ticket.id;
    }
    std::vector<TicketId> join_many(int count) {
        std::vector<TicketId> tickets;
        for (int i = 0; i < count; ++i) tickets.push_back(join("player" + std::to_string(++players)));
        return tickets;
    }
    void settle() {
        io.restart();
        while (io.poll() > 0) io.restart();
    }
    // In steps, so that what each moment brings is done in it.
    void pass_time(Milliseconds time) {
        settle();
        for (auto left = time; left > 0ms; left -= 50ms) {
            clock.advance(std::min<Milliseconds>(left, 50ms));
            settle();
        }
    }
    match::Ticket ticket(TicketId id) { return wait(store.ticket(id)).value(); }
    std::vector<match::Match> matches() {
        auto all = wait(store.matches({})).value();
        std::ranges::reverse(all);
        return all;
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }

    boost::asio::io_context io{1};
    async::ManualClock clock;
    memory::SeededRandom random{1};
    std::shared_ptr<memory::MatchState> state = std::make_shared<memory::MatchState>();
    memory::MemoryMatchStore store{io.get_executor(), state};
    FakeHall hall{io.get_executor()};
    std::unique_ptr<Matchmaker> maker;
    async::TaskGroup tasks{io.get_executor()};
    std::string why;
    int players = 0;
};

// Requirement S1-4.
TEST_F(MatchmakerTest, TwentyFiveJoinsAreTwoMatchesOfTwelveAndOneWhoWaits) {
    begin();
    const auto tickets = join_many(25);
    pass_time(1s);

    const auto made = matches();
    ASSERT_EQ(made.size(), 2U);
    for (const auto& match : made) {
        EXPECT_EQ(match.members.size(), 12U);
        EXPECT_EQ(match.state, MatchState::assigned);
        EXPECT_EQ(match.server->port, 7777);
    }
    EXPECT_EQ(ticket(tickets[0]).state, TicketState::matched);
    EXPECT_EQ(ticket(tickets[24]).state, TicketState::queued);
}

// Requirement S1-5: nobody has to join for it.
TEST_F(MatchmakerTest, APartialMatchIsMadeByTheClockAlone) {
    begin();
    join_many(2);
    pass_time(14s);
    EXPECT_TRUE(matches().empty());

    pass_time(2s);
    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].members.size(), 2U);
}

// Requirement S1-6.
TEST_F(MatchmakerTest, WhoFindsNobodyIsToldSo) {
    begin();
    const auto lone = join("lone", 20s);
    pass_time(21s);

    EXPECT_EQ(ticket(lone).state, TicketState::expired);
    EXPECT_EQ(ticket(lone).reason, "no_match");
}

TEST_F(MatchmakerTest, WhoIsSilentForTooLongIsGoneBeforeAMatchCounts) {
    begin();
    const auto silent = join("silent", 300s);
    const auto present = join("present", 300s);
    maker->note_seen(present);
    ASSERT_TRUE(wait(store.cancel(present, clock.now())));
    pass_time(61s);

    EXPECT_EQ(ticket(silent).state, TicketState::expired);
    EXPECT_EQ(ticket(silent).reason, "silent");
}

TEST_F(MatchmakerTest, WhoIsHeardOfWaitsOn) {
    begin();
    const auto lone = join("lone", 300s);
    for (int i = 0; i < 4; ++i) {
        pass_time(30s);
        maker->note_seen(lone);
    }

    EXPECT_EQ(ticket(lone).state, TicketState::queued);
}

// Requirement S1-11: in front again, with the time of their first join.
TEST_F(MatchmakerTest, AServerThatNeverComesUpPutsItsPlayersBackInFront) {
    begin();
    hall.failing = 2;
    const auto first = join_many(12);
    const auto joined_at = ticket(first[0]).joined_at;
    pass_time(500ms);
    EXPECT_EQ(matches().size(), 1U) << "nobody is matched again at once";
    const auto later = join_many(12);
    pass_time(2s);

    const auto made = matches();
    ASSERT_GE(made.size(), 2U);
    EXPECT_EQ(made[0].state, MatchState::failed);
    EXPECT_EQ(made[0].end_reason, "start_timeout");
    EXPECT_EQ(hall.released, std::set{made[0].id});
    EXPECT_EQ(ticket(first[0]).joined_at, joined_at);
    EXPECT_EQ(ticket(first[0]).state, TicketState::matched);
    EXPECT_EQ(ticket(first[0]).put_back, 1U);
    EXPECT_EQ(ticket(later[0]).state, TicketState::matched);
}

TEST_F(MatchmakerTest, AWarmServerIsTakenBeforeOneIsStarted) {
    begin();
    hall.warm = 1;
    join_many(12);
    pass_time(1s);

    EXPECT_EQ(matches()[0].state, MatchState::assigned);
    EXPECT_EQ(hall.starts, 0);
}

// Requirement S1-13: without any client's word.
TEST_F(MatchmakerTest, TheEndOfTheServerEndsTheMatch) {
    begin();
    const auto tickets = join_many(12);
    pass_time(1s);
    hall.exit(matches()[0].id);
    settle();

    EXPECT_EQ(matches()[0].state, MatchState::ended);
    EXPECT_EQ(matches()[0].end_reason, "server_exited");
    EXPECT_EQ(ticket(tickets[0]).state, TicketState::ended);
}

TEST_F(MatchmakerTest, AMatchThatSomebodyEndsFreesItsServer) {
    begin();
    join_many(12);
    pass_time(1s);
    auto match = matches()[0];
    match.state = MatchState::ended;
    match.end_reason = "asked";
    ASSERT_TRUE(wait(store.advance(match, {}, clock.now(), no_keeper)));
    settle();

    EXPECT_EQ(hall.released, std::set{match.id});
}

TEST_F(MatchmakerTest, WhoCancelsIsNotMatched) {
    begin();
    const auto tickets = join_many(11);
    ASSERT_TRUE(wait(store.cancel(tickets[3], clock.now())));
    settle();
    join_many(1);
    pass_time(1s);
    EXPECT_TRUE(matches().empty());

    join_many(1);
    pass_time(1s);
    EXPECT_EQ(matches().size(), 1U);
    EXPECT_EQ(ticket(tickets[3]).state, TicketState::cancelled);
}

// Joined at another replica: heard of by the store's events.
TEST_F(MatchmakerTest, TicketsOfOtherProcessesAreHeardOf) {
    begin();
    memory::MemoryMatchStore elsewhere(io.get_executor(), state);
    for (int i = 0; i < 12; ++i) {
        match::Ticket ticket;
        ticket.id = random.id<TicketId>();
        ticket.queues = {"casual"};
        ticket.players.push_back({.id = "far" + std::to_string(i), .attributes = {}, .latencies = {}, .blocked = {}});
        ticket.joined_at = ticket.seen_at = clock.now();
        ticket.expires_at = clock.now() + 60s;
        ASSERT_TRUE(wait(elsewhere.join(ticket)));
    }
    pass_time(1s);

    EXPECT_EQ(matches().size(), 1U);
}

TEST_F(MatchmakerTest, ANewOneGoesOnWhereTheLastOneEnded) {
    const auto waiting = join_many(12);
    auto claimed = match::Match{};
    claimed.id = random.id<MatchId>();
    claimed.queue = "casual";
    const auto early = join("early");
    claimed.members.push_back({.player = "early", .ticket = early, .team = "players", .accepted = {}, .left_at = {}});
    const auto epoch = wait(store.next_epoch()).value();
    claimed.epoch = epoch;
    std::vector<match::Match> one{claimed};
    ASSERT_TRUE(wait(store.commit(std::move(one), epoch)).value()[0].is_committed);

    begin();
    pass_time(1s);

    EXPECT_EQ(hall.adopted.size(), 1U);
    EXPECT_EQ(wait(store.match(claimed.id))->state, MatchState::assigned);
    EXPECT_EQ(matches().size(), 2U);
    EXPECT_EQ(ticket(waiting[0]).state, TicketState::matched);
}

TEST_F(MatchmakerTest, AnOlderOneStopsAtItsFirstWrite) {
    begin();
    ASSERT_TRUE(wait(store.next_epoch()));
    const auto tickets = join_many(12);
    pass_time(1s);

    EXPECT_TRUE(matches().empty());
    EXPECT_EQ(ticket(tickets[0]).state, TicketState::queued);
    EXPECT_EQ(why, "a newer matchmaker is at work");
}

TEST_F(MatchmakerTest, NewRulesCountForWhoWaitsAlready) {
    begin();
    join_many(3);
    pass_time(1s);
    EXPECT_TRUE(matches().empty());

    auto queue = wait(store.queues()).value()[0];
    queue.rules = net::parse_json(R"({"ruleLanguageVersion": "1.0", "teams": [{"name": "trio", "minPlayers": 3, "maxPlayers": 3}]})").value();
    ++queue.generation;
    ASSERT_TRUE(wait(store.put(queue)));
    maker->note_queues();
    pass_time(1s);

    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].members.size(), 3U);
    EXPECT_EQ(matches()[0].members[0].team, "trio");
}

}  // namespace
}  // namespace gk::app
