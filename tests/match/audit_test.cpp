// Requirement S1-19: matches without a server, and servers without a match, are found by whoever makes the matches.

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class AuditTest : public MatchmakerTest {
protected:
    // A match that is played; `servers` say that they know of it, unless a test makes them forget it.
    match::Match play() {
        begin();
        join_many(12);
        pass_time(1s);
        auto match = matches().at(0);
        EXPECT_EQ(match.state, MatchState::assigned);
        servers.has = {{.match = match.id}};
        return match;
    }
    match::Match stored(MatchId id) { return wait(store.match(id)).value(); }
};

TEST_F(AuditTest, AMatchAndItsServerAreLeftInPeace) {
    const auto match = play();
    const auto found = wait(maker->audit());

    ASSERT_TRUE(found);
    EXPECT_EQ(found->servers + found->matches, 0U);
    EXPECT_EQ(stored(match.id).state, MatchState::assigned);
    EXPECT_TRUE(servers.released.empty());
}

TEST_F(AuditTest, AMatchWhoseServerIsGoneEndsOnDemand) {
    const auto match = play();
    servers.has->clear();

    EXPECT_EQ(wait(maker->audit())->matches, 1U);
    EXPECT_EQ(stored(match.id).state, MatchState::ended);
    EXPECT_EQ(stored(match.id).end_reason, "lost");
    EXPECT_EQ(ticket(match.members[0].ticket).state, TicketState::ended);
}

TEST_F(AuditTest, AMatchWhoseServerIsGoneEndsByItself) {
    const auto match = play();
    servers.has->clear();
    pass_time(4min);
    EXPECT_EQ(stored(match.id).state, MatchState::assigned);
    pass_time(2min);
    EXPECT_EQ(stored(match.id).end_reason, "lost");
}

TEST_F(AuditTest, AServerWhoseMatchIsOverIsToldToStop) {
    play();
    const auto over = random.id<MatchId>();
    const auto ending = random.id<MatchId>();
    servers.has->push_back({.match = over});
    servers.has->push_back({.match = ending, .is_ending = true});

    EXPECT_EQ(wait(maker->audit())->servers, 1U);
    EXPECT_EQ(servers.released, std::set<MatchId>{over});
}

TEST_F(AuditTest, NothingEndsWhileItIsNotKnownWhichServersThereAre) {
    const auto match = play();
    servers.has.reset();
    EXPECT_FALSE(wait(maker->audit()));
    pass_time(6min);
    EXPECT_EQ(stored(match.id).state, MatchState::assigned);
}

// Begun after the servers were counted first, and before its match was read.
TEST_F(AuditTest, AMatchThatGetsItsServerMeanwhileIsLeftInPeace) {
    const auto match = play();
    servers.has_next = std::exchange(servers.has, std::vector<MatchServers::Held>());
    EXPECT_EQ(wait(maker->audit())->matches, 0U);
    EXPECT_EQ(stored(match.id).state, MatchState::assigned);
}

TEST_F(AuditTest, OnlyTheOneWhoMakesMatchesLooks) {
    play();
    ASSERT_TRUE(wait(store.next_epoch()));
    join_many(12);
    pass_time(1s);
    EXPECT_EQ(why, "a newer matchmaker is at work");
    EXPECT_FALSE(wait(maker->audit()));
}

}  // namespace
}  // namespace gk::app
