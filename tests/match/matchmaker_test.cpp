// Tickets become matches, and matches get servers: the matchmaker over a store in memory, with servers that do as they are told.

#include <algorithm>
#include <array>

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

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

TEST_F(MatchmakerTest, TicketsThatExpireAreCounted) {
    begin();
    join("early", 10s);
    pass_time(11s);
    const auto later = clock.now();
    join("late", 10s);
    join("gone", 10s);
    ASSERT_TRUE(wait(store.cancel(join("another", 10s), clock.now())));
    pass_time(400s);
    join("patient");

    EXPECT_EQ(maker->expired("casual", later - 60s), 3U);
    EXPECT_EQ(maker->expired("casual", clock.now() - 60s), 0U);
    EXPECT_FALSE(maker->expired("ranked", later));
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

TEST_F(MatchmakerTest, WhoJoinsWhileThoseWhoWaitAreReadDoesNotOvertakeThem) {
    const auto early = join_many(12);
    clock.advance(1s);
    refusing.is_slow = true;
    begin();
    const auto late = join_many(12);
    pass_time(1s);
    EXPECT_TRUE(matches().empty());
    ASSERT_TRUE(wait(store.cancel(early[0], clock.now())));

    refusing.answer();
    pass_time(200ms);

    ASSERT_EQ(matches().size(), 1U);
    for (std::size_t i = 1; i < early.size(); ++i) EXPECT_EQ(ticket(early[i]).state, TicketState::matched);
    // In the place of the one who left.
    EXPECT_EQ(std::ranges::count(late, TicketState::matched, [&](TicketId id) { return ticket(id).state; }), 1);
}

TEST_F(MatchmakerTest, NewRulesMatchNobodyBeforeAllWhoWaitAreReadForThem) {
    begin();
    const auto early = join("early");
    clock.advance(1s);
    refusing.is_slow = true;
    configure(net::parse_json(R"({"size": 2})").value());
    const auto late = std::array{join("late"), join("later")};
    pass_time(1s);
    EXPECT_TRUE(matches().empty());

    refusing.answer();
    pass_time(200ms);

    EXPECT_EQ(ticket(early).state, TicketState::matched);
    EXPECT_EQ(ticket(late[1]).state, TicketState::queued);
}

// Requirement S1-11: in front again, with the time of their first join.
TEST_F(MatchmakerTest, AServerThatNeverComesUpPutsItsPlayersBackInFront) {
    begin();
    servers.failing = 2;
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
    EXPECT_EQ(servers.released, std::set{made[0].id});
    EXPECT_EQ(ticket(first[0]).joined_at, joined_at);
    EXPECT_EQ(ticket(first[0]).state, TicketState::matched);
    EXPECT_EQ(ticket(first[0]).put_back, 1U);
    EXPECT_EQ(ticket(later[0]).state, TicketState::matched);
}

TEST_F(MatchmakerTest, WhoseMatchTheStoreRefusesAsAWholeIsMatchedLater) {
    begin();
    refusing.refusals = 2;
    const auto tickets = join_many(12);
    pass_time(100ms);
    EXPECT_EQ(refusing.refusals, 1) << "not tried again at once";
    pass_time(5s);

    ASSERT_EQ(matches().size(), 1U);
    for (const auto id : tickets) EXPECT_EQ(ticket(id).state, TicketState::matched);
}

TEST_F(MatchmakerTest, AWarmServerIsTakenBeforeOneIsStarted) {
    begin();
    servers.warm = 1;
    join_many(12);
    pass_time(1s);

    EXPECT_EQ(matches()[0].state, MatchState::assigned);
    EXPECT_EQ(servers.starts, 0);
}

// Requirement S1-13: without any client's word.
TEST_F(MatchmakerTest, TheEndOfTheServerEndsTheMatch) {
    begin();
    const auto tickets = join_many(12);
    pass_time(1s);
    servers.exit(matches()[0].id);
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

    EXPECT_EQ(servers.released, std::set{match.id});
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

    EXPECT_EQ(servers.adopted.size(), 1U);
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

    configure(net::parse_json(R"({"ruleLanguageVersion": "1.0", "teams": [{"name": "trio", "minPlayers": 3, "maxPlayers": 3}]})").value());
    pass_time(1s);

    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].members.size(), 3U);
    EXPECT_EQ(matches()[0].members[0].team, "trio");
}

}  // namespace
}  // namespace gk::app
