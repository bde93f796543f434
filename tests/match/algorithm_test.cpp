// What `algorithm` of a FlexMatch rule set decides: who is looked at first, and whose waiting opens the expansions.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "domain/match/rules/search.hpp"
#include "tests/match/queue.hpp"

namespace gk::match {
namespace {

using Line = Queue<Search>;
using Strings = std::vector<std::string>;

std::string pairs(const std::string& algorithm, const std::string& rules = "") {
    return fmt::format(R"json({{"ruleLanguageVersion": "1.0",
      "playerAttributes": [{{"name": "skill", "type": "number"}}, {{"name": "mode", "type": "string", "default": "duel"}}],
      "teams": [{{"name": "all", "minPlayers": 2, "maxPlayers": 2}}]{}{}{}}})json",
                       algorithm.empty() ? "" : ", \"algorithm\": ", algorithm, rules);
}

Player of(std::string id, double points, const std::string& mode = "duel") { return player(std::move(id), {{"skill", points}, {"mode", mode}}); }

// ann has waited longest, ben came next, and cora is the one who is as good as ann.
Strings partners_of_ann(const std::string& algorithm) {
    Line line(stages_of(pairs(algorithm)));
    line.join(of("ann", 10), 0);
    line.join(of("ben", 20), 1);
    line.join(of("cora", 12), 2);
    line.join(of("dan", 19), 3);
    const auto matches = line.pass(4);
    return matches.empty() ? Strings() : matches[0].at("all");
}

TEST(AlgorithmBatching, TakesWhoCameNextUnlessTicketsAreSorted) { EXPECT_EQ(partners_of_ann(""), (Strings{"ann", "ben"})); }

TEST(AlgorithmBatching, SortedTakesTheNearestByTheAttribute) {
    EXPECT_EQ(partners_of_ann(R"json({"batchingPreference": "sorted", "sortByAttributes": ["skill"]})json"), (Strings{"ann", "cora"}));
}

TEST(AlgorithmBatching, SortedByTwoAttributesTheFirstDecidesBeforeTheSecond) {
    Line line(stages_of(pairs(R"json({"batchingPreference": "sorted", "sortByAttributes": ["mode", "skill"]})json")));
    line.join(of("ann", 10), 0);
    line.join(of("ben", 10, "race"), 1);
    line.join(of("cora", 30), 2);
    line.join(of("dan", 25), 3);

    const auto matches = line.pass(4);

    ASSERT_EQ(matches.size(), 2U);
    EXPECT_EQ(matches[0].at("all"), (Strings{"ann", "dan"}));
    EXPECT_EQ(matches[1].at("all"), (Strings{"ben", "cora"}));
}

// Ten seconds of waiting open the rule. The old one waits since 0 s, the young one since 9 s.
bool are_matched(const std::string& algorithm, int at_seconds) {
    Line line(stages_of(pairs(algorithm, R"json(,
      "rules": [{"name": "near", "type": "distance", "measurements": ["max(flatten(teams[*].players.attributes[skill]))"],
                 "referenceValue": "min(flatten(teams[*].players.attributes[skill]))", "maxDistance": 10}],
      "expansions": [{"target": "rules[near].maxDistance", "steps": [{"waitTimeSeconds": 10, "value": 100}]}])json")));
    line.join(of("old", 0), 0);
    line.join(of("young", 50), 9);
    return !line.pass(at_seconds).empty();
}

TEST(AlgorithmExpansionAge, IsThatOfTheNewestTicketUnlessItIsSaid) {
    EXPECT_FALSE(are_matched("", 12));
    EXPECT_FALSE(are_matched("", 18));
    EXPECT_TRUE(are_matched("", 19));
}

TEST(AlgorithmExpansionAge, NewestWaitsForTheTicketThatCameLast) {
    EXPECT_FALSE(are_matched(R"json({"expansionAgeSelection": "newest"})json", 18));
    EXPECT_TRUE(are_matched(R"json({"expansionAgeSelection": "newest"})json", 19));
}

TEST(AlgorithmExpansionAge, OldestIsOpenedByTheTicketThatHasWaitedLongest) {
    EXPECT_FALSE(are_matched(R"json({"expansionAgeSelection": "oldest"})json", 9));
    EXPECT_TRUE(are_matched(R"json({"expansionAgeSelection": "oldest"})json", 10));
}

}  // namespace
}  // namespace gk::match
