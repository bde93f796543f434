// Defects that were measured in, or read in the source of, other matchmakers. Each is named after where it was found; here it does not happen.

#include <algorithm>

#include "tests/match/matchmaker_rig.hpp"
#include "tests/sim/match/ports.hpp"

namespace gk::app {
namespace {

Value rules(std::string_view text) { return net::parse_json(std::string(text)).value(); }

class DefectsOfOthers : public MatchmakerTest {
protected:
    // A matchmaker during one of whose passes some tickets are cancelled: after matches were found and before they are stored.
    void begin_with_cancels() {
        maker = std::make_unique<Matchmaker>(MatchmakerPorts{.store = store,
                                                             .servers = servers,
                                                             .clock = clock,
                                                             .random = random,
                                                             .off_loop = [this](std::function<void()> work) { return look(std::move(work)); }},
                                             MatchmakerLimits{});
        tasks.emplace(io.get_executor());
        tasks->spawn("matchmaker", keep());
        settle();
    }
    Task<void> look(std::function<void()> work) {
        work();
        for (const auto ticket : std::exchange(to_cancel_, {})) EXPECT_TRUE(co_await store.cancel(ticket, clock.now()));
    }
    TicketId join_party(std::vector<std::string> names) {
        match::Ticket ticket;
        ticket.id = random.id<TicketId>();
        ticket.queues = {"casual"};
        for (auto& name : names) ticket.players.push_back({.id = std::move(name), .attributes = {}, .latencies = {}, .blocked = {}});
        ticket.joined_at = ticket.seen_at = clock.now();
        ticket.expires_at = clock.now() + 60s;
        EXPECT_TRUE(wait(store.join(ticket)));
        maker->note(ticket);
        return ticket.id;
    }
    std::size_t still_queued() {
        return static_cast<std::size_t>(
            std::ranges::count_if(state->tickets, [](const auto& entry) { return entry.second.ticket.state == TicketState::queued; }));
    }
    // Of how many live matches a player is.
    std::size_t matches_of(const std::string& player) {
        MatchStore::MatchFilter filter;
        filter.player = player;
        filter.live_only = true;
        return wait(store.matches(filter)).value().size();
    }

    std::vector<TicketId> to_cancel_;
};

// Of 900 tickets, 200 cancelled during a pass: 56 partners of theirs stayed in the queue for ever.
TEST_F(DefectsOfOthers, NakamaZombieTickets) {
    configure(rules(R"({"size": 2})"));
    begin_with_cancels();
    const auto first = join_many(90);
    for (std::size_t i = 0; i < first.size(); i += 4) to_cancel_.push_back(first[i]);
    pass_time(500ms);
    EXPECT_LE(still_queued(), 1U) << "whose partner has cancelled is matched with somebody else";

    join_many(91);
    pass_time(500ms);

    EXPECT_EQ(still_queued(), 0U);
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(ticket(first[i]).state, i % 4 == 0 ? TicketState::cancelled : TicketState::matched) << i;
}

// One session with three tickets got three matches in one pass; two sessions of one user were matched with each other.
TEST_F(DefectsOfOthers, NakamaTripleMatch) {
    configure(rules(R"({"size": 2})"));
    begin();
    const auto order = [](std::vector<std::string> names) {
        JoinOrder out;
        for (auto& name : names) out.players.push_back({.id = std::move(name), .attributes = {}, .latencies = {}, .blocked = {}});
        out.queues = {"casual"};
        return out;
    };
    const auto first = wait(desk.join(as_operator(), order({"ann"}), {}));
    const auto again = wait(desk.join(as_operator(), order({"ann"}), {}));
    const auto with_friend = wait(desk.join(as_operator(), order({"ann", "ben"}), {}));
    settle();
    EXPECT_EQ(first->view.ticket.id, again->view.ticket.id);
    EXPECT_EQ(with_friend.error().code, "player_waits");
    pass_time(500ms);
    EXPECT_EQ(matches_of("ann"), 0U) << "nobody plays with itself";

    join_many(3);
    pass_time(500ms);
    EXPECT_EQ(matches_of("ann"), 1U);
}

// What is too much for a match was trimmed from the wrong end: the party that had waited longest.
TEST_F(DefectsOfOthers, NakamaUnfairTrimming) {
    configure(rules(R"({"size": 4})"));
    begin();
    const auto oldest = join_party({"a1", "a2", "a3"});
    pass_time(2s);
    const auto second = join_party({"b1", "b2"});
    pass_time(2s);
    const auto third = join_party({"c1", "c2"});
    const auto last = join_party({"d1"});
    pass_time(500ms);

    EXPECT_EQ(ticket(oldest).state, TicketState::matched);
    EXPECT_EQ(ticket(oldest).match, ticket(last).match);
    EXPECT_EQ(ticket(second).match, ticket(third).match);
}

// With 63 candidates or more the number of combinations overflowed to none, without a word.
TEST_F(DefectsOfOthers, NakamaSilenceFromSixtyThreeCandidatesOn) {
    configure(rules(R"({"teams": {"red": 5, "blue": 5}})"));
    begin();
    join_many(1'000);
    pass_time(1s);

    EXPECT_EQ(still_queued(), 0U);
    EXPECT_EQ(matches_of("player1"), 1U);
}

// With Redis away, 20 clients heard "200" with an empty ticket.
TEST_F(DefectsOfOthers, OpenMatchFalseSuccess) {
    matchsim::Hall hall(1, matchsim::Plant::none);
    hall.faults = {.error_before = 1};
    matchsim::Way way(hall, clock);
    matchsim::SimMatchStore away(way, store);
    Tickets front({.store = away, .feed = feed, .clock = clock, .random = random, .key = Secret("of tokens")});
    JoinOrder order;
    order.players.push_back({.id = "ann", .attributes = {}, .latencies = {}, .blocked = {}});
    order.queues = {"casual"};
    std::optional<Result<Tickets::Joined, Error>> joined;
    async::TaskGroup asking(io.get_executor());
    asking.spawn("join", async::keep_result(front.join(as_operator(), std::move(order), {}), joined));
    pass_time(1s);

    ASSERT_TRUE(joined);
    ASSERT_FALSE(*joined);
    EXPECT_EQ(joined->error().kind, Error::Kind::unavailable);
    EXPECT_TRUE(state->tickets.empty());
}

// One update of a batch that was refused shifted the answers of all behind it to other callers. And: a match was assigned in part.
TEST_F(DefectsOfOthers, OpenMatchIndexShiftAndPartialAssignment) {
    const auto tickets = join_many(6);
    ASSERT_TRUE(wait(store.cancel(tickets[2], clock.now())));
    std::vector<match::Match> batch(3);
    for (std::size_t i = 0; i < tickets.size(); ++i) {
        auto& match = batch[i / 2];
        match.id = match.id.is_nil() ? random.id<MatchId>() : match.id;
        match.queue = "casual";
        match.members.push_back({.player = ticket(tickets[i]).players[0].id, .ticket = tickets[i], .team = "players"});
    }
    const auto epoch = wait(store.next_epoch()).value();

    const auto answers = wait(store.commit(batch, epoch)).value();

    ASSERT_EQ(answers.size(), 3U);
    EXPECT_TRUE(answers[0].is_committed);
    EXPECT_FALSE(answers[1].is_committed);
    EXPECT_EQ(answers[1].gone, std::vector{tickets[2]});
    EXPECT_TRUE(answers[2].is_committed);
    EXPECT_EQ(ticket(tickets[3]).state, TicketState::queued) << "all or none of a match";
    EXPECT_EQ(ticket(tickets[4]).match, batch[2].id);
}

// The write into the index was sent and its answer thrown away: a ticket that was stored, and that nobody ever found.
TEST_F(DefectsOfOthers, OpenMatchSilentIndexLoss) {
    configure(rules(R"({"size": 2})"));
    const auto before = join("early");  // Nobody is at work yet.
    begin();
    memory::MemoryMatchStore elsewhere(io.get_executor(), state);
    match::Ticket unheard = ticket(before);
    unheard.id = random.id<TicketId>();
    unheard.players[0].id = "far";
    ASSERT_TRUE(wait(elsewhere.join(unheard)));  // Nobody tells the engine.
    pass_time(500ms);

    EXPECT_EQ(ticket(before).state, TicketState::matched);
    EXPECT_EQ(ticket(unheard.id).match, ticket(before).match);
}

// A later assignment overwrote the first one; only "not found" was an error.
TEST_F(DefectsOfOthers, OpenMatchOverwrittenAssignment) {
    configure(rules(R"({"size": 2})"));
    begin();
    join_many(2);
    pass_time(500ms);
    auto late = matches()[0];
    const auto given = late.server;
    const auto epoch = late.epoch;
    ASSERT_TRUE(wait(store.next_epoch()));  // A newer matchmaker is at work.
    late.server = match::MatchServer{.name = "another", .host = "192.0.2.9", .port = 1};

    const auto written = wait(store.advance(late, {}, clock.now(), epoch));

    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, StoreError::Kind::fenced);
    EXPECT_EQ(matches()[0].server, given);
}

// "Deleted", said the answer, and the player was placed all the same: nobody knows which came first.
TEST_F(DefectsOfOthers, UnityCancelThatDoesNotCancel) {
    configure(rules(R"({"size": 2})"));
    begin();
    const auto early = join("ann");
    EXPECT_EQ(wait(store.cancel(early, clock.now()))->outcome, MatchStore::Left::Outcome::cancelled);
    join("ben");
    pass_time(500ms);
    EXPECT_EQ(ticket(early).state, TicketState::cancelled);
    EXPECT_EQ(still_queued(), 1U);

    const auto late = join("cleo");
    pass_time(500ms);
    const auto left = wait(store.cancel(late, clock.now()));
    EXPECT_EQ(left->outcome, MatchStore::Left::Outcome::too_late);
    EXPECT_EQ(left->ticket.match, matches()[0].id);
}

// Tickets without a match stayed for ever.
TEST_F(DefectsOfOthers, OpenMatchTicketsThatLiveForEver) {
    begin();
    const auto lone = join("ann");
    pass_time(61s);
    EXPECT_EQ(ticket(lone).state, TicketState::expired);
    EXPECT_NE(ticket(lone).reason, "");
}

}  // namespace
}  // namespace gk::app
