#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/match_store.hpp"
#include "adapters/memory/random.hpp"
#include "app/match/feed.hpp"
#include "app/match/matches.hpp"
#include "app/match/matchmaker.hpp"
#include "app/match/tickets.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "async/watchers.hpp"
#include "net/json/json.hpp"
#include "tests/match/refusing_store.hpp"

namespace gk::app {
using namespace std::chrono_literals;
using match::MatchState;
using match::TicketState;

// What seed 001 does: twelve, or after 15 seconds at least two.
inline constexpr const char* seed_rules = R"json({
  "name": "seed", "ruleLanguageVersion": "1.0",
  "algorithm": {"expansionAgeSelection": "oldest"},
  "teams": [{"name": "players", "minPlayers": 12, "maxPlayers": 12}],
  "expansions": [{"target": "teams[players].minPlayers", "steps": [{"waitTimeSeconds": 15, "value": 2}]}]
})json";

// Servers that do as a test says.
class FakeServers final : public MatchServers {
public:
    explicit FakeServers(boost::asio::any_io_executor loop) : ended_(std::move(loop)) {}

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
    Task<void> admit(match::Match match) override {
        admitted.push_back(std::move(match));
        co_return;
    }
    Task<void> release(MatchId match) override {
        released.insert(match);
        co_return;
    }
    Task<void> adopt(std::vector<match::Match> live) override {
        adopted = std::move(live);
        co_return;
    }
    std::optional<std::vector<Held>> held() const override {
        auto now = has;
        if (has_next) has = std::exchange(has_next, {});
        return now;
    }
    std::shared_ptr<void> watch(Ended ended) override { return ended_.add(std::move(ended)); }
    void exit(MatchId match) { ended_.notify(match, "server_exited"); }

    int warm = 0;
    int failing = 0;
    int starts = 0;
    std::set<MatchId> released;
    std::vector<match::Match> admitted;
    std::vector<match::Match> adopted;
    mutable std::optional<std::vector<Held>> has;       // As a test says ...
    mutable std::optional<std::vector<Held>> has_next;  // ... and, when this is set, from the second time on.

private:
    static match::MatchServer server_of(const match::Match& match) {
        return {.name = "game-server-" + match.id.text().substr(0, 8), .host = "192.0.2.1", .port = 7777};
    }
    async::Watchers<MatchId, std::string> ended_;
};

// The matchmaker and the use cases of players over a store in memory, by a clock that the test moves.
class MatchmakerTest : public testing::Test {
protected:
    void SetUp() override { configure(60s); }
    void TearDown() override { stop(); }
    // As when the process ends.
    void stop() {
        if (!tasks) return;
        tasks->cancel();
        wait(tasks->join());
        tasks.reset();
        maker.reset();
    }

    void configure(Milliseconds ttl) { configure(net::parse_json(seed_rules).value(), ttl); }
    // Made, or changed while the matchmaker is at work.
    void configure(Value rules, Milliseconds ttl = 60s, Milliseconds acceptance = 0ms) {
        QueueRecord queue;
        queue.name = "casual";
        queue.game = "match-server";
        queue.rules = std::move(rules);
        queue.ticket_ttl = ttl;
        queue.silence = 60s;
        queue.acceptance = acceptance;
        put(std::move(queue));
    }
    void put(QueueRecord queue) {
        queue.generation = ++generation;
        ASSERT_TRUE(wait(store.put(std::move(queue))));
        if (maker) maker->note_queues();
    }
    void begin() {
        maker = std::make_unique<Matchmaker>(
            MatchmakerPorts{.store = refusing, .servers = servers, .clock = clock, .random = random, .off_loop = here}, MatchmakerLimits{});
        tasks.emplace(io.get_executor());
        tasks->spawn("matchmaker", keep());
        tasks->spawn("feed", feed.run());
        settle();
    }
    Task<void> keep() { why = co_await maker->run(); }
    static Task<void> here(std::function<void()> work) {
        work();
        co_return;
    }
    TicketId join(const std::string& player, Milliseconds ttl = 60s) { return join(match::Player{.id = player}, ttl); }
    TicketId join(match::Player player, Milliseconds ttl = 60s) {
        match::Ticket ticket;
        ticket.id = random.id<TicketId>();
        ticket.queues = {"casual"};
        ticket.players.push_back(std::move(player));
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
    static Visitor as_player(const std::string& player) { return {.caller = {.name = player, .scope = Scope::player}, .player = player}; }
    static Visitor as_operator() { return {.caller = {.name = "key:ops"}, .player = {}}; }
    // What was told of a ticket, as in "queued claimed assigned".
    std::string told(TicketId id) {
        MatchStore::EventFilter filter;
        filter.ticket = id;
        std::string words;
        for (const auto& event : wait(store.events(filter)).value()) words += (words.empty() ? "" : " ") + event.what;
        return words;
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
    RefusingStore refusing{store};  // What the matchmaker sees of it.
    FakeServers servers{io.get_executor()};
    Feed feed{store, clock};
    Tickets desk{{.store = store, .feed = feed, .clock = clock, .random = random, .key = Secret("of tokens")}};
    Matches orders{{.store = store, .clock = clock}};
    std::unique_ptr<Matchmaker> maker;
    std::optional<async::TaskGroup> tasks;
    std::string why;
    int players = 0;
    std::uint64_t generation = 0;
};

}  // namespace gk::app
