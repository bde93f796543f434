// Queues that ask their players before a match counts.

#include <array>

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class AcceptanceTest : public MatchmakerTest {
protected:
    // Three are a match, and have ten seconds to say so.
    void SetUp() override { configure(Value::object({{"size", 3}}), 60s, 10s); }
    // Ann, Bob and Cid are asked.
    void ask() {
        begin();
        for (const auto* player : {"ann", "bob", "cid"}) {
            asked.push_back(join(player));
            pass_time(50ms);
        }
        pass_time(1s);
        ASSERT_EQ(matches().size(), 1U);
        ASSERT_EQ(matches()[0].state, MatchState::accepting);
    }
    Result<match::Match, Error> say(const std::string& player, bool accepted) {
        auto answer = wait(orders.answer(as_player(player), matches()[0].id, accepted));
        settle();
        return answer;
    }
    std::vector<TicketId> asked;
};

TEST_F(AcceptanceTest, AMatchGetsItsServerWhenAllHaveAccepted) {
    ask();
    EXPECT_TRUE(say("ann", true));
    EXPECT_TRUE(say("bob", true));
    EXPECT_EQ(matches()[0].state, MatchState::accepting);
    EXPECT_EQ(servers.starts, 0);

    EXPECT_TRUE(say("cid", true));

    EXPECT_EQ(matches()[0].state, MatchState::assigned);
    EXPECT_EQ(told(asked[0]), "queued claimed accepting accepted placing assigned");
}

TEST_F(AcceptanceTest, WhoDeclinesIsOutAndTheOthersWaitAgainInFront) {
    ask();
    EXPECT_TRUE(say("ann", true));
    const std::array joined_at{ticket(asked[0]).joined_at, ticket(asked[2]).joined_at};

    EXPECT_TRUE(say("bob", false));

    EXPECT_EQ(matches()[0].state, MatchState::failed);
    EXPECT_EQ(matches()[0].end_reason, "declined");
    EXPECT_EQ(ticket(asked[1]).state, TicketState::cancelled);
    EXPECT_EQ(ticket(asked[1]).reason, "declined");
    for (const auto other : {asked[0], asked[2]}) EXPECT_EQ(ticket(other).state, TicketState::queued);
    EXPECT_EQ((std::array{ticket(asked[0]).joined_at, ticket(asked[2]).joined_at}), joined_at);
    const auto late = join("dan");
    pass_time(1s);
    ASSERT_EQ(matches().size(), 2U);
    for (const auto one : {asked[0], asked[2], late}) EXPECT_EQ(ticket(one).match, matches()[1].id);
    EXPECT_EQ(told(asked[1]), "queued claimed accepting declined cancelled");
    EXPECT_EQ(servers.starts, 0);
}

TEST_F(AcceptanceTest, WhoSaysNothingIsOutWhenTheTimeIsOver) {
    ask();
    EXPECT_TRUE(say("cid", true));
    pass_time(8s);
    EXPECT_EQ(matches()[0].state, MatchState::accepting);

    pass_time(2s);

    EXPECT_EQ(matches()[0].end_reason, "not_accepted");
    EXPECT_EQ(ticket(asked[0]).state, TicketState::expired);
    EXPECT_EQ(ticket(asked[0]).reason, "not_accepted");
    EXPECT_EQ(ticket(asked[2]).state, TicketState::queued);
    EXPECT_EQ(say("ann", true).error().code, "not_asked");
}

TEST_F(AcceptanceTest, AnAnswerCountsOnceAndIsNotTakenBack) {
    ask();
    EXPECT_TRUE(say("ann", true));
    EXPECT_TRUE(say("ann", true));
    EXPECT_EQ(told(asked[0]), "queued claimed accepting accepted");

    EXPECT_EQ(say("ann", false).error().code, "not_asked");

    EXPECT_EQ(matches()[0].state, MatchState::accepting);
}

TEST_F(AcceptanceTest, OnlyMembersAnswerAndOnlyForThemselves) {
    ask();
    EXPECT_EQ(say("eve", true).error().kind, Error::Kind::not_found);
    EXPECT_EQ(wait(orders.answer(as_operator(), matches()[0].id, true)).error().code, "not_a_member");
}

TEST_F(AcceptanceTest, ANewMatchmakerGoesOnAsking) {
    ask();
    EXPECT_TRUE(say("ann", true));
    stop();
    pass_time(5s);

    begin();
    EXPECT_TRUE(say("bob", true));
    EXPECT_EQ(matches()[0].state, MatchState::accepting);
    EXPECT_TRUE(say("cid", true));

    EXPECT_EQ(matches()[0].state, MatchState::assigned);
}

}  // namespace
}  // namespace gk::app
