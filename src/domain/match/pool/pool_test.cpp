#include "domain/match/pool/pool.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/match/pool/testing.hpp"

namespace gk::match {
namespace {

using namespace std::chrono_literals;
using namespace testing;

// A pool whose tickets are called by their first player.
class Queue {
public:
    explicit Queue(std::vector<Stage> stages, Engine::Options options = {}) : pool_(*plain_rules(stages), options) {}
    explicit Queue(RuleSet rules) : Queue(std::vector<Stage>{{.from = 0ms, .rules = std::move(rules)}}) {}

    std::string join(const Join& join) {
        const auto added = pool_.add(ticket_of(join));
        if (!added) return added.error();
        handles_[join.player] = *added;
        names_[*added] = join.player;
        return "";
    }
    void cancel(const std::string& player) { pool_.remove(handles_.at(player)); }
    void refuse(const std::string& player) { pool_.release(handles_.at(player)); }

    // "a b | c d": the matches that a pass makes, with their teams in brackets when there are several: "[a b][c d]".
    std::vector<std::string> pass(Milliseconds after = 0ms) {
        proposals_ = pool_.pass(start + after);
        std::vector<std::string> out;
        for (const auto& proposal : proposals_) out.push_back(text_of(proposal));
        return out;
    }
    const std::vector<Proposal>& proposals() const { return proposals_; }
    Pool& pool() { return pool_; }
    Handle handle(const std::string& player) const { return handles_.at(player); }

private:
    std::string text_of(const Proposal& proposal) const {
        std::vector<std::set<std::string>> teams(pool_.team_names().size());
        for (const auto& [handle, team] : proposal.placed) teams[team].insert(names_.at(handle));
        std::string out;
        for (const auto& team : teams) {
            out += teams.size() > 1 ? "[" : "";
            for (const auto& name : team) out += (name == *team.begin() ? "" : " ") + name;
            out += teams.size() > 1 ? "]" : "";
        }
        return out;
    }

    Pool pool_;
    std::map<std::string, Handle> handles_;
    std::map<Handle, std::string> names_;
    std::vector<Proposal> proposals_;
};

using Matches = std::vector<std::string>;

// The rules of the original: twelve, or all who are there (at least two) when the one who waits longest has waited for 15 s.
std::vector<Stage> twelve_or_flush() {
    auto full = of_size(12, 12);
    full.algorithm.expansion_age = Algorithm::Age::oldest;
    auto partial = of_size(2, 12);
    partial.algorithm.expansion_age = Algorithm::Age::oldest;
    return {{.from = 0ms, .rules = full}, {.from = 15s, .rules = partial}};
}

TEST(Pool, TwentyFiveJoinsOfSizeTwelveGiveTwoMatchesAndOneWaits) {
    Queue queue(twelve_or_flush());
    for (int i = 0; i < 25; ++i) EXPECT_EQ(queue.join({.player = std::to_string(100 + i)}), "");

    const auto matches = queue.pass();

    EXPECT_EQ(matches, (Matches{"100 101 102 103 104 105 106 107 108 109 110 111", "112 113 114 115 116 117 118 119 120 121 122 123"}));
    EXPECT_EQ(queue.pool().waiting(), 1U);
}

TEST(Pool, ThoseWhoAreThereAreMatchedByTimerAlone) {
    Queue queue(twelve_or_flush());
    std::ignore = queue.join({.player = "a"});
    std::ignore = queue.join({.player = "b", .at = 3s});

    EXPECT_EQ(queue.pass(3s), Matches());
    EXPECT_EQ(queue.pool().next_pass(), start + 15s);
    EXPECT_EQ(queue.pass(14'999ms), Matches());
    EXPECT_EQ(queue.pass(15s), Matches{"a b"});
    EXPECT_EQ(queue.pool().next_pass(), std::nullopt);
}

TEST(Pool, ALonePlayerWaitsOnAndGoesWithTheNextWhoComes) {
    Queue queue(twelve_or_flush());
    std::ignore = queue.join({.player = "a"});
    EXPECT_EQ(queue.pass(0s), Matches());
    EXPECT_EQ(queue.pass(15s), Matches());

    std::ignore = queue.join({.player = "b", .at = 20s});

    EXPECT_EQ(queue.pass(20s), Matches{"a b"});
}

TEST(Pool, PriorityThenWaitingDecides) {
    Queue queue(of_size(2, 2));
    std::ignore = queue.join({.player = "young", .at = 3s});
    std::ignore = queue.join({.player = "old", .at = 1s});
    std::ignore = queue.join({.player = "middle", .at = 2s});
    std::ignore = queue.join({.player = "first", .at = 4s, .priority = 1});

    EXPECT_EQ(queue.pass(5s), (Matches{"first old", "middle young"}));
}

TEST(Pool, WhoWaitsLongestIsNeverTrimmedInFavourOfANewerOne) {
    auto rules = of_size(4, 4);
    Queue queue(rules);
    std::ignore = queue.join({.player = "old", .players = 3, .at = 0s});
    std::ignore = queue.join({.player = "pair", .players = 2, .at = 1s});
    std::ignore = queue.join({.player = "young", .players = 2, .at = 2s});
    std::ignore = queue.join({.player = "one", .at = 3s});

    EXPECT_EQ(queue.pass(3s), (Matches{"old one", "pair young"}));
}

TEST(Pool, AmongEqualsOnBothSidesTheOlderOneIsTaken) {
    for (const double skill : {1490.0, 1510.0}) {
        Queue queue(rules_of({{.name = "all", .least = 2, .most = 2}}, {skill_within(20)}));
        std::ignore = queue.join({.player = "anchor", .skill = 1500, .at = 0s});
        std::ignore = queue.join({.player = "newer", .skill = skill, .at = 2s});
        std::ignore = queue.join({.player = "older", .skill = skill, .at = 1s});

        EXPECT_EQ(queue.pass(3s), Matches{"anchor older"}) << skill;
    }
}

TEST(Pool, OnlyThoseWithinTheDistancePlayTogether) {
    Queue queue(rules_of({{.name = "all", .least = 3, .most = 3}}, {skill_within(100)}));
    std::ignore = queue.join({.player = "a", .skill = 1500});
    std::ignore = queue.join({.player = "b", .skill = 1440});
    std::ignore = queue.join({.player = "c", .skill = 1560});
    EXPECT_EQ(queue.pass(), Matches());

    std::ignore = queue.join({.player = "d", .skill = 1599});
    EXPECT_EQ(queue.pass(), Matches{"a c d"});
}

TEST(Pool, OnlyThoseWithTheSameModePlayTogether) {
    Queue queue(rules_of({{.name = "all", .least = 2, .most = 2}}, {same_mode()}));
    std::ignore = queue.join({.player = "a", .mode = "duel"});
    std::ignore = queue.join({.player = "b", .mode = "race"});
    std::ignore = queue.join({.player = "c", .mode = "race"});
    std::ignore = queue.join({.player = "d", .mode = "duel"});

    EXPECT_EQ(queue.pass(), (Matches{"a d", "b c"}));
}

TEST(Pool, AllAreNearTheSameRegion) {
    Queue queue(rules_of({{.name = "all", .least = 2, .most = 2}}, {latency_at_most(60)}));
    std::ignore = queue.join({.player = "a", .latencies = {{"east", 20}, {"west", 90}}});
    std::ignore = queue.join({.player = "b", .latencies = {{"east", 90}, {"west", 20}}});
    std::ignore = queue.join({.player = "nobody-measured"});
    EXPECT_EQ(queue.pass(), Matches());

    std::ignore = queue.join({.player = "c", .latencies = {{"east", 61}, {"west", 60}}});
    EXPECT_EQ(queue.pass(), Matches{"b c"});
    EXPECT_EQ(queue.proposals().front().region, "west");
}

TEST(Pool, AStepAllowsMoreWhenTheNewestHasReachedIt) {
    const auto rules = [](double most) { return rules_of({{.name = "all", .least = 2, .most = 2}}, {skill_within(most)}); };
    Queue queue({{.from = 0ms, .rules = rules(10)}, {.from = 5s, .rules = rules(50)}});
    std::ignore = queue.join({.player = "a", .skill = 1500});
    std::ignore = queue.join({.player = "b", .skill = 1540, .at = 3s});

    EXPECT_EQ(queue.pass(3s), Matches());
    EXPECT_EQ(queue.pass(5s), Matches());
    EXPECT_EQ(queue.pool().next_pass(), start + 8s);
    EXPECT_EQ(queue.pass(8s), Matches{"a b"});
}

TEST(Pool, TwoGoTogetherWhenEachLiesInTheOthersWindow) {
    Queue queue(
        rules_of({{.name = "all", .least = 2, .most = 2}}, {{.name = "Near", .body = Window{.attribute = "skill", .base = 10, .growth = 10}}}));
    std::ignore = queue.join({.player = "a", .skill = 1500});
    std::ignore = queue.join({.player = "b", .skill = 1540, .at = 1s});

    EXPECT_EQ(queue.pass(1s), Matches());
    EXPECT_EQ(queue.pass(3s), Matches());
    EXPECT_EQ(queue.pool().next_pass(), start + 4s);
    EXPECT_EQ(queue.pass(4s), Matches{"a b"});
}

TEST(Pool, TeamsAreSplitSoThatTheyAreEven) {
    Queue queue(rules_of(two_teams_of(2), {skill_within(1000)}));
    std::ignore = queue.join({.player = "a", .skill = 1000});
    std::ignore = queue.join({.player = "b", .skill = 1100});
    std::ignore = queue.join({.player = "c", .skill = 1700});
    std::ignore = queue.join({.player = "d", .skill = 1800});

    EXPECT_EQ(queue.pass(), Matches{"[a d][b c]"});
}

TEST(Pool, PartiesStayTogetherInATeam) {
    Queue queue(rules_of(two_teams_of(3), {skill_within(1000)}));
    std::ignore = queue.join({.player = "a", .players = 2});
    std::ignore = queue.join({.player = "b", .players = 2});
    std::ignore = queue.join({.player = "c", .players = 2});
    EXPECT_EQ(queue.pass(), Matches()) << "three pairs do not fit into two teams of three";

    std::ignore = queue.join({.player = "d"});
    std::ignore = queue.join({.player = "e"});
    EXPECT_EQ(queue.pass().size(), 1U);
    EXPECT_EQ(queue.pool().waiting(), 1U);
}

TEST(Pool, BlockedPlayersAreNeverTogetherAndTheOthersStillPlay) {
    Queue queue(of_size(3, 3));
    std::ignore = queue.join({.player = "a"});
    std::ignore = queue.join({.player = "b"});
    std::ignore = queue.join({.player = "c", .blocked = {"b"}});
    EXPECT_EQ(queue.pass(), Matches());

    std::ignore = queue.join({.player = "d", .blocked = {"x"}});
    EXPECT_EQ(queue.pass(), Matches{"a b d"}) << "of two who are never together, the newer one waits";
}

TEST(Pool, NobodyWaitsTwice) {
    Queue queue(of_size(2, 2));
    EXPECT_EQ(queue.join({.player = "a"}), "");
    EXPECT_NE(queue.join({.player = "a"}), "");
    EXPECT_EQ(queue.pass(), Matches());

    queue.cancel("a");
    EXPECT_EQ(queue.join({.player = "a"}), "");
}

TEST(Pool, SaysWhatATicketLacks) {
    Queue queue(rules_of(two_teams_of(2), {skill_within(10), same_mode()}));
    Ticket without{.players = {{.id = "a", .attributes = {{"mode", "duel"}}}}};
    Ticket party = ticket_of({.player = "b", .players = 2});
    party.players[1].attributes["mode"] = "race";

    EXPECT_EQ(queue.pool().add(without).error(),
              "player 'a' has no number 'skill', which rule 'NearSkill' reads: send it with the ticket, or give the attribute a default");
    EXPECT_EQ(queue.pool().add(party).error(),
              "the players of this party differ in 'mode' ('any' and 'race'), which rule 'SameMode' wants the same in a match");
    EXPECT_EQ(queue.join({.player = "c", .players = 3}), "a party of 3 does not fit into a team of at most 2");
}

TEST(Pool, ASlotOfATicketThatHasLeftIsNoOtherTickets) {
    Queue queue(of_size(2, 2));
    std::ignore = queue.join({.player = "a"});
    const auto stale = queue.handle("a");
    queue.cancel("a");
    std::ignore = queue.join({.player = "b"});

    queue.pool().remove(stale);
    queue.pool().release(stale);

    EXPECT_NE(queue.handle("b"), stale);
    EXPECT_EQ(queue.pool().waiting(), 1U);
}

// The zombies of Nakama: partners of somebody who cancelled during a pass were never found again.
TEST(Pool, PartnersOfWhoCancelledAreMatchedAgainWithTheirPlaceInTheOrder) {
    Queue queue(of_size(2, 2));
    for (const auto* player : {"a", "b", "c", "d"}) std::ignore = queue.join({.player = player});
    EXPECT_EQ(queue.pass(), (Matches{"a b", "c d"}));

    queue.cancel("b");
    queue.refuse("a");
    queue.refuse("d");
    queue.cancel("c");

    EXPECT_EQ(queue.pass(), Matches{"a d"});
}

TEST(Pool, ATicketIsInOneProposalUntilItIsReleased) {
    Queue queue(of_size(2, 2));
    std::ignore = queue.join({.player = "a"});
    std::ignore = queue.join({.player = "b"});
    EXPECT_EQ(queue.pass().size(), 1U);

    std::ignore = queue.join({.player = "c"});
    EXPECT_EQ(queue.pass(), Matches());
    queue.refuse("a");
    EXPECT_EQ(queue.pass(), Matches{"a c"});
}

TEST(Pool, WhatTheBudgetLeavesIsDoneInTheNextPasses) {
    Queue queue({{.from = 0ms, .rules = of_size(2, 2)}}, {.seed = 1, .budget = 10});
    for (int i = 0; i < 40; ++i) std::ignore = queue.join({.player = std::to_string(i)});

    std::size_t matches = queue.pass().size();
    EXPECT_TRUE(queue.pool().is_cut_short());
    for (int i = 0; i < 20; ++i) matches += queue.pass().size();

    EXPECT_EQ(matches, 20U);
    EXPECT_FALSE(queue.pool().is_cut_short());
}

// A running match of two players of red.
Backfill running_with(double skill, std::uint32_t open_slots) {
    Backfill backfill{.match = MatchId(UuidBits{1}), .open_slots = open_slots, .since = start};
    for (const auto* name : {"x", "y"}) {
        backfill.players.push_back(ticket_of({.player = name, .skill = skill, .blocked = {"enemy"}}).players.front());
        backfill.teams.push_back(0);
    }
    return backfill;
}

TEST(Pool, ARunningMatchTakesInWhoFitsIntoTheTeamWithFewer) {
    Queue queue(rules_of(two_teams_of(3), {skill_within(100)}));
    queue.pool().put(running_with(1500, 2));
    std::ignore = queue.join({.player = "far", .skill = 1601, .at = 0s});
    std::ignore = queue.join({.player = "enemy", .skill = 1500, .at = 1s});
    std::ignore = queue.join({.player = "a", .skill = 1420, .at = 2s});
    std::ignore = queue.join({.player = "too-far-from-a", .skill = 1540, .at = 3s});
    std::ignore = queue.join({.player = "b", .skill = 1510, .at = 4s});
    std::ignore = queue.join({.player = "no-room", .skill = 1500, .at = 5s});

    EXPECT_EQ(queue.pass(5s), Matches{"[][a b]"});
    EXPECT_EQ(queue.proposals().front().joins, MatchId(UuidBits{1}));
    queue.refuse("a");
    EXPECT_EQ(queue.pass(6s), Matches()) << "it is asked for again when it is put again";
    queue.pool().put(running_with(1500, 1));
    EXPECT_EQ(queue.pass(7s), Matches{"[][a]"});
    queue.pool().put(running_with(1500, 1));
    queue.pool().remove_backfill(MatchId(UuidBits{1}));
    EXPECT_EQ(queue.pass(8s), Matches());
}

TEST(Pool, WithLowPriorityARunningMatchTakesWhoIsLeft) {
    for (const auto& [priority, first] : {std::pair(Algorithm::BackfillPriority::low, "a b"), std::pair(Algorithm::BackfillPriority::high, "a")}) {
        auto rules = of_size(2, 2);
        rules.algorithm.backfill_priority = priority;
        Queue queue(rules);
        auto backfill = running_with(1500, 1);
        backfill.players.pop_back();
        backfill.teams.pop_back();
        queue.pool().put(backfill);
        for (const auto* player : {"a", "b"}) std::ignore = queue.join({.player = player});

        EXPECT_EQ(queue.pass(), Matches{first});
    }
}

TEST(Pool, ExplainsWhoKeepsWhomOut) {
    const auto rules = [](double most) { return rules_of({{.name = "all", .least = 2, .most = 2}}, {skill_within(most), same_mode()}); };
    Queue queue({{.from = 0ms, .rules = rules(10)}, {.from = 5s, .rules = rules(50)}});
    std::ignore = queue.join({.player = "a", .skill = 1500});
    std::ignore = queue.join({.player = "b", .skill = 1600});
    std::ignore = queue.join({.player = "c", .skill = 1540, .mode = "race"});
    EXPECT_EQ(queue.pass(), Matches());

    const auto told = queue.pool().explain(queue.handle("a"), start + 2s);

    EXPECT_EQ(told.looked_at, 2U);
    EXPECT_EQ(told.next_step, 3s);
    std::map<std::string, std::uint32_t> counts;
    for (const auto& [rule, kept_out] : told.rules) counts[rule] = kept_out;
    EXPECT_EQ(counts["SameMode"], 1U);
    EXPECT_EQ(counts["NearSkill"], 2U);
}

// Of all runs of so many neighbours with the anchor among them, the narrowest.
double least_spread(const std::multiset<double>& waiting, double anchor, std::size_t players) {
    const std::vector<double> sorted(waiting.begin(), waiting.end());
    double best = std::numeric_limits<double>::max();
    for (std::size_t i = 0; i + players <= sorted.size(); ++i) {
        const bool has_anchor = sorted[i] <= anchor && anchor <= sorted[i + players - 1];
        if (has_anchor) best = std::min(best, sorted[i + players - 1] - sorted[i]);
    }
    return best;
}

// However few of them the search looks at.
TEST(Pool, WhoComesAloneGetsTheNearestOfAllWhoWait) {
    std::uint64_t state = 7;
    const auto below = [&](std::uint64_t limit) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return (state >> 33) % limit;
    };
    for (const std::uint32_t team : {1U, 2U, 5U}) {
        auto rules = of_size(2 * team, 2 * team);
        rules.rules.push_back(skill_within(1000));
        Queue queue(rules);
        std::map<Handle, double> skills;
        std::multiset<double> waiting;
        for (int i = 0; i < 600; ++i) {
            const Join join{.player = std::to_string(i), .skill = static_cast<double>(below(400)) / 4};
            ASSERT_EQ(queue.join(join), "");
            skills[queue.handle(join.player)] = join.skill;
            waiting.insert(join.skill);
        }
        ASSERT_EQ(queue.pass().size(), 600U / (2 * team));
        for (const auto& proposal : queue.proposals()) {
            std::vector<double> numbers;
            for (const auto& placed : proposal.placed) numbers.push_back(skills.at(placed.handle));
            const auto [least, most] = std::ranges::minmax(numbers);
            ASSERT_EQ(most - least, least_spread(waiting, numbers.front(), numbers.size())) << "around " << numbers.front();
            for (const auto number : numbers) waiting.erase(waiting.find(number));
        }
    }
}

TEST(Pool, TwoAboveWhoNeverPlayTogetherHideNobodyBelow) {
    auto rules = of_size(3, 3);
    rules.rules.push_back(skill_within(100));
    Queue queue(rules);
    EXPECT_EQ(queue.join({.player = "ann", .skill = 1500}), "");
    EXPECT_EQ(queue.join({.player = "ben", .skill = 1501}), "");
    EXPECT_EQ(queue.join({.player = "cleo", .skill = 1502, .blocked = {"ben"}}), "");
    EXPECT_EQ(queue.join({.player = "dan", .skill = 1490}), "");
    EXPECT_EQ(queue.pass(), Matches{"ann ben dan"});
}

}  // namespace
}  // namespace gk::match
