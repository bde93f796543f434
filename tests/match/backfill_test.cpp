// Matches that run and take others in.

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class BackfillTest : public MatchmakerTest {
protected:
    // Two to four play together, of one mode.
    void SetUp() override {
        rules.set("size", 4);
        rules.set("partial", Value::object({{"least", 2}, {"after", "1s"}}));
        rules.set("same", Value::array({Value("mode")}));
        rules.set("defaults", Value::object({{"mode", "duel"}}));
        configure(rules);
    }
    void play() {
        begin();
        for (const auto* player : {"ann", "ben"}) first.push_back(join(player));
        pass_time(2s);
        ASSERT_EQ(matches().size(), 1U);
        ASSERT_EQ(matches()[0].state, MatchState::assigned);
    }
    match::Match match() { return matches()[0]; }
    void keep_at(std::uint32_t size) {
        ASSERT_TRUE(wait(orders.fill(as_operator(), match().id, size)));
        settle();
    }
    TicketId join_mode(const std::string& player, const std::string& mode) {
        match::Player who{.id = player};
        who.attributes["mode"] = mode;
        return join(std::move(who));
    }

    Value rules = Value::object();
    std::vector<TicketId> first;
};

TEST_F(BackfillTest, WhoeverJoinsIsTakenIntoAMatchThatAsksForMoreAndToldWhereItIs) {
    play();
    keep_at(3);
    const auto cid = join("cid");
    pass_time(500ms);

    EXPECT_EQ(match().members.size(), 3U);
    EXPECT_EQ(ticket(cid).match, match().id);
    EXPECT_EQ(told(cid), "queued claimed assigned");
    EXPECT_EQ(told(first[0]), "queued claimed placing assigned open");
    EXPECT_EQ(servers.starts, 1);
    ASSERT_EQ(servers.admitted.size(), 1U);
    EXPECT_EQ(servers.admitted[0].members.size(), 3U);

    const auto dan = join("dan");
    pass_time(500ms);
    EXPECT_EQ(ticket(dan).state, TicketState::queued) << "it is full";
}

TEST_F(BackfillTest, WhoWaitsAlreadyIsTakenFirst) {
    play();
    const auto cid = join("cid");
    pass_time(200ms);
    const auto dan = join("dan");
    keep_at(3);
    pass_time(500ms);

    EXPECT_EQ(ticket(cid).match, match().id);
    EXPECT_EQ(ticket(dan).state, TicketState::queued);
}

TEST_F(BackfillTest, ALeaverMakesRoomForAnother) {
    play();
    keep_at(2);
    const auto cid = join("cid");
    pass_time(500ms);
    EXPECT_EQ(ticket(cid).state, TicketState::queued);

    ASSERT_TRUE(wait(orders.leave(as_player("ben"), match().id, {})));
    pass_time(500ms);

    EXPECT_EQ(ticket(cid).match, match().id);
    EXPECT_EQ(ticket(first[1]).state, TicketState::ended);
    EXPECT_EQ(ticket(first[1]).reason, "left");
    EXPECT_EQ(match::players_of(match()), 2U);
    EXPECT_TRUE(wait(orders.leave(as_player("ben"), match().id, {}))) << "said again";
}

TEST_F(BackfillTest, OnlyThoseWhomTheRulesAllowAreTakenIn) {
    play();
    keep_at(4);
    const auto other = join_mode("cid", "siege");
    const auto party = join_mode("dan", "duel");
    pass_time(500ms);

    EXPECT_EQ(ticket(other).state, TicketState::queued);
    EXPECT_EQ(ticket(party).match, match().id);
    EXPECT_EQ(match::open_slots(match()), 1U);
}

TEST_F(BackfillTest, ItEndsWhenItIsSaidAndWithTheMatch) {
    play();
    keep_at(4);
    keep_at(0);
    const auto cid = join("cid");
    pass_time(500ms);
    EXPECT_EQ(ticket(cid).state, TicketState::queued);

    keep_at(4);
    ASSERT_TRUE(wait(orders.end(as_player("ann"), match().id, "asked")));
    pass_time(100ms);
    const auto dan = join("dan");
    pass_time(500ms);
    EXPECT_NE(ticket(dan).match, match().id);
}

TEST_F(BackfillTest, ANewMatchmakerAndNewRulesGoOnWithIt) {
    play();
    keep_at(4);
    stop();
    begin();
    const auto cid = join("cid");
    pass_time(500ms);
    EXPECT_EQ(ticket(cid).match, match().id);

    rules.set("partial", Value::object({{"least", 3}, {"after", "1s"}}));
    configure(rules);
    settle();
    const auto dan = join("dan");
    pass_time(500ms);
    EXPECT_EQ(ticket(dan).match, match().id);
    EXPECT_EQ(match().members.size(), 4U);
}

// Claimed, and then nobody was left to tell it.
TEST_F(BackfillTest, WhoCameInBeforeACrashIsToldAfterIt) {
    play();
    keep_at(3);
    stop();
    const auto cid = join("cid");
    auto more = match();
    more.members = {{.player = "cid", .ticket = cid, .team = "players", .accepted = {}, .left_at = {}}};
    std::vector<match::Match> one{more};
    ASSERT_TRUE(wait(store.commit(std::move(one), Epoch{100})).value()[0].is_committed);
    EXPECT_EQ(told(cid), "queued claimed");
    state->epoch = Epoch{100};

    begin();

    EXPECT_EQ(told(cid), "queued claimed assigned");
}

// They play without having been asked themselves: the queue asks from now on.
class AskedBackfillTest : public BackfillTest {
protected:
    void ask_cid() {
        play();
        configure(rules, 60s, 10s);
        settle();
        keep_at(3);
        cid = join("cid");
        pass_time(500ms);
    }
    Result<match::Match, Error> say(const std::string& player, bool accepted) {
        auto answer = wait(orders.answer(as_player(player), match().id, accepted));
        settle();
        return answer;
    }
    TicketId cid;
};

TEST_F(AskedBackfillTest, WhoIsTakenInIsAskedFirst) {
    ask_cid();
    EXPECT_EQ(told(cid), "queued claimed accepting");
    EXPECT_TRUE(servers.admitted.empty());
    EXPECT_EQ(told(first[0]), "queued claimed placing assigned open") << "who plays is not asked";
    const auto dan = join("dan");
    pass_time(500ms);
    EXPECT_EQ(ticket(dan).state, TicketState::queued) << "the place is kept";

    EXPECT_TRUE(say("cid", true));

    EXPECT_EQ(told(cid), "queued claimed accepting accepted assigned");
    ASSERT_EQ(servers.admitted.size(), 1U);
    EXPECT_EQ(say("ann", true).error().code, "not_asked");
}

TEST_F(AskedBackfillTest, WhoDeclinesMakesRoomForTheNext) {
    ask_cid();
    EXPECT_TRUE(say("cid", false));
    EXPECT_EQ(ticket(cid).state, TicketState::cancelled);
    EXPECT_EQ(ticket(cid).reason, "declined");
    EXPECT_TRUE(servers.admitted.empty());
    EXPECT_EQ(match().state, MatchState::assigned) << "the others play on";
    EXPECT_TRUE(servers.released.empty());

    const auto dan = join("dan");
    pass_time(500ms);
    EXPECT_EQ(told(dan), "queued claimed accepting");
    EXPECT_TRUE(say("dan", true));
    EXPECT_EQ(match::players_of(match()), 3U);
}

TEST_F(AskedBackfillTest, WhoSaysNothingIsOutAlsoAfterARestart) {
    ask_cid();
    stop();
    begin();
    pass_time(9s);
    EXPECT_EQ(ticket(cid).state, TicketState::matched);
    pass_time(1s);

    EXPECT_EQ(ticket(cid).state, TicketState::expired);
    EXPECT_EQ(ticket(cid).reason, "not_accepted");
    EXPECT_EQ(match().state, MatchState::assigned);
    EXPECT_EQ(say("cid", true).error().kind, Error::Kind::not_found) << "the match is none of its business any more";
}

// The store decides how many there is room for, whatever an engine proposes.
TEST_F(BackfillTest, NobodyIsTakenInBeyondTheRoom) {
    play();
    keep_at(3);
    stop();
    auto more = match();
    more.members.clear();
    for (const auto* player : {"cid", "dan"})
        more.members.push_back({.player = player, .ticket = join(player), .team = "players", .accepted = {}, .left_at = {}});
    std::vector<match::Match> one{more};

    const auto refused = wait(store.commit(std::move(one), Epoch{100})).value()[0];

    EXPECT_FALSE(refused.is_committed);
    EXPECT_TRUE(refused.gone.empty());
}

TEST_F(BackfillTest, WhoMaySayWhat) {
    play();
    EXPECT_EQ(wait(orders.fill(as_player("ann"), match().id, 3)).error().code, "not_a_member");
    EXPECT_EQ(wait(orders.fill(as_operator(), match().id, 201)).error().fields.at(0).pointer, "/size");
    EXPECT_EQ(wait(orders.leave(as_player("ann"), match().id, {"ben"})).error().code, "not_a_member");
    EXPECT_EQ(wait(orders.leave(as_player("eve"), match().id, {})).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.leave(as_operator(), match().id, {})).error().fields.at(0).pointer, "/players");
    EXPECT_EQ(wait(orders.leave(as_operator(), match().id, {"ann", "eve"})).error().fields.at(0).pointer, "/players/1");
    ASSERT_TRUE(wait(orders.end(as_operator(), match().id, "asked")));
    EXPECT_EQ(wait(orders.fill(as_operator(), match().id, 3)).error().code, "not_running");
}

}  // namespace
}  // namespace gk::app
