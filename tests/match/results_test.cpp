// What results make of players, and what ratings make of queues.

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class ResultsTest : public MatchmakerTest {
protected:
    void SetUp() override { configure_rating({}); }
    void configure_rating(QueueRating rating) {
        QueueRecord queue{.name = "casual", .game = "match-server", .fleet = {}, .rules = Value::object({{"size", 2}}), .shadow = {}};
        if (!rating.attribute.empty()) queue.rules.set("near", Value::object({{rating.attribute, Value::object({{"within", 1}})}}));
        queue.rating = std::move(rating);
        put(std::move(queue));
    }
    match::Match play(const std::string& first, const std::string& second) {
        join(first);
        join(second);
        pass_time(1s);
        EXPECT_EQ(matches().back().state, MatchState::assigned);
        return matches().back();
    }
    Result<match::Match, Error> end(const match::Match& match, MatchResults results) {
        auto ended = wait(orders.end(as_operator(), match.id, "asked", std::move(results)));
        settle();
        return ended;
    }
    PlayerRating rating(const std::string& player) { return wait(orders.rating(as_operator(), "casual", player)).value(); }
    static MatchResults won_by(const std::string& winner, const std::string& loser) { return {.teams = {}, .players = {{winner, 1}, {loser, 2}}}; }
};

TEST_F(ResultsTest, AnEndWithResultsRatesItsPlayersOnce) {
    begin();
    const auto match = play("ann", "ben");

    const auto ended = end(match, won_by("ann", "ben"));
    const auto after_first = rating("ann");
    const auto again = end(match, won_by("ben", "ann"));

    EXPECT_EQ(ended->state, MatchState::ended);
    EXPECT_TRUE(again);
    EXPECT_GT(after_first.standing.value, 25);
    EXPECT_LT(rating("ben").standing.value, 25);
    EXPECT_EQ(rating("ann").standing, after_first.standing);
    EXPECT_EQ(rating("ann").matches, 1U);
    EXPECT_EQ(rating("eve").standing, rating::newcomer(rating::Model::weng_lin));
}

// Its players may have said first that it is over.
TEST_F(ResultsTest, ResultsComeAfterTheEndToo) {
    begin();
    const auto match = play("ann", "ben");
    ASSERT_TRUE(wait(orders.end(as_player("ann"), match.id, "asked")));

    EXPECT_TRUE(end(match, won_by("ben", "ann")));

    EXPECT_GT(rating("ben").standing.value, 25);
}

TEST_F(ResultsTest, OneMatchFollowsOnTheOther) {
    begin();
    ASSERT_TRUE(end(play("ann", "ben"), won_by("ann", "ben")));
    const auto once = rating("ann").standing;
    ASSERT_TRUE(end(play("ann", "ben"), won_by("ann", "ben")));

    EXPECT_GT(rating("ann").standing.value, once.value);
    EXPECT_EQ(rating("ann").matches, 2U);
}

TEST_F(ResultsTest, PlayersDoNotRateThemselves) {
    begin();
    const auto match = play("ann", "ben");

    const auto refused = wait(orders.end(as_player("ann"), match.id, "asked", won_by("ann", "ben")));

    EXPECT_EQ(refused.error().code, "not_a_member");
    EXPECT_EQ(matches().back().state, MatchState::assigned);
    EXPECT_EQ(wait(orders.rating(as_player("ann"), "casual", "ben")).error().code, "not_a_member");
    EXPECT_TRUE(wait(orders.rating(as_player("ann"), "casual", "ann")));
}

TEST_F(ResultsTest, WhatIsNoResultIsSaidWithItsPlace) {
    begin();
    const auto match = play("ann", "ben");
    struct Row {
        MatchResults results;
        const char* pointer;
    };
    for (const auto& row : {
             Row{{}, "/results"},
             Row{{.teams = {{"players", 1}}, .players = {{"ann", 1}}}, "/results"},
             Row{{.teams = {}, .players = {{"ann", 1}, {"eve", 2}}}, "/results/players/eve"},
             Row{{.teams = {{"red", 1}}, .players = {}}, "/results/teams/red"},
             Row{{.teams = {{"players", 1}}, .players = {}}, "/results"},
         }) {
        const auto refused = end(match, row.results);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().fields.at(0).pointer, row.pointer);
    }
    EXPECT_EQ(rating("ann").matches, 0U);
}

TEST_F(ResultsTest, AMatchThatWasNotPlayedHasNone) {
    begin();
    servers.failing = 2;
    join("ann");
    join("ben");
    pass_time(500ms);
    ASSERT_EQ(matches()[0].state, MatchState::failed);

    EXPECT_EQ(end(matches()[0], won_by("ann", "ben")).error().code, "not_running");
}

TEST_F(ResultsTest, OfATeamCountsWhoIsStillThere) {
    configure(Value::object({{"teams", Value::object({{"red", 2}, {"blue", 2}})}}));
    begin();
    for (const auto* player : {"ann", "ben", "cid", "dan"}) join(player);
    pass_time(1s);
    const auto match = matches().back();
    const auto team_of = [&](const std::string& player) { return std::ranges::find(match.members, player, &match::Member::player)->team; };
    ASSERT_TRUE(wait(orders.leave(as_player("ann"), match.id, {})));

    const auto winner = team_of("ann"), loser = std::string(winner == "red" ? "blue" : "red");
    ASSERT_TRUE(end(match, {.teams = {{winner, 1}, {loser, 2}}, .players = {}}));

    EXPECT_EQ(rating("ann").matches, 0U);
    for (const auto* player : {"ben", "cid", "dan"}) EXPECT_EQ(rating(player).standing.value > 25, team_of(player) == winner) << player;
}

// Whoever says something else of itself does not meet weaker ones for it.
TEST_F(ResultsTest, TheRulesFindTheRatingOfAPlayerUnderTheNameThatTheQueueGivesIt) {
    configure_rating({.model = rating::Model::glicko2, .attribute = "skill"});
    begin();
    const auto order = [](const std::string& player) {
        JoinOrder order;
        order.queues = {"casual"};
        order.players.push_back({.id = player, .attributes = {{"skill", 9.0}}, .latencies = {}, .blocked = {}});
        return order;
    };
    const auto enter = [&](const std::string& player, const std::string& key = {}) {
        return wait(desk.join(as_operator(), order(player), {.key = key, .digest = {}}))->view.ticket;
    };
    EXPECT_EQ(std::get<double>(enter("ann", "k1").players[0].attributes.at("skill")), 1500);
    enter("ben");
    maker->note_queues();
    pass_time(1s);
    ASSERT_TRUE(end(matches().back(), won_by("ann", "ben")));

    EXPECT_EQ(enter("ann", "k1").state, TicketState::ended) << "the same order, although the rating is another by now";
    const auto second = enter("ann");
    EXPECT_GT(std::get<double>(second.players[0].attributes.at("skill")), 1600);
    const auto changed = wait(desk.change(as_player("ann"), second.id, order("ann").players));
    EXPECT_EQ(changed->ticket.players, second.players);
    enter("ben");
    maker->note_queues();
    pass_time(1s);
    EXPECT_EQ(matches().size(), 1U) << "they are too far apart by now";
}

TEST_F(ResultsTest, ARatingByAnotherModelCountsForNothing) {
    begin();
    ASSERT_TRUE(end(play("ann", "ben"), won_by("ann", "ben")));

    configure_rating({.model = rating::Model::glicko2, .attribute = {}});
    settle();

    EXPECT_EQ(rating("ann").standing, rating::newcomer(rating::Model::glicko2));
    ASSERT_TRUE(end(play("ann", "ben"), won_by("ann", "ben")));
    EXPECT_GT(rating("ann").standing.value, 1600);
    EXPECT_EQ(rating("ann").matches, 2U);
}

TEST_F(ResultsTest, TwoQueuesThatRateUnderOneNameAreNotJoinedTogether) {
    configure_rating({.model = rating::Model::weng_lin, .attribute = "skill"});
    auto other = wait(store.queues()).value()[0];
    other.name = "ranked";
    put(other);
    JoinOrder order;
    order.queues = {"casual", "ranked"};
    order.players.push_back({.id = "ann", .attributes = {}, .latencies = {}, .blocked = {}});

    EXPECT_EQ(wait(desk.join(as_operator(), order, {})).error().fields.at(0).pointer, "/queues/1");
}

}  // namespace
}  // namespace gk::app
