// Those of the FlexMatch guide's rule sets that make large matches, as in examples_test.cpp.
#include <gtest/gtest.h>

#include "domain/match/rules/search.hpp"
#include "tests/match/queue.hpp"

namespace gk::match {
namespace {

using Line = Queue<Search>;

// The published text gives `target` and `steps` twice in one object, so that half of it is lost: here as it is meant.
const std::string large = R"json({"ruleLanguageVersion": "1.0", "playerAttributes": [{"name": "skill", "type": "number"}],
  "algorithm": {"balancedAttribute": "skill", "strategy": "balanced", "batchingPreference": "largestPopulation"},
  "teams": [{"name": "Marauders", "maxPlayers": 200, "minPlayers": 175}],
  "rules": [{"name": "low-latency", "type": "latency", "maxLatency": 150}],
  "expansions": [{"target": "rules[low-latency].maxLatency", "steps": [{"waitTimeSeconds": 12, "value": 200}]},
                 {"target": "teams[Marauders].minPlayers",
                  "steps": [{"waitTimeSeconds": 10, "value": 150}, {"waitTimeSeconds": 15, "value": 100}]}]})json";

TEST(Example7, ALargeMatchStartsWithFewerPlayersWithTime) {
    Line line(stages_of(large));
    for (int i = 0; i < 160; ++i) line.join(player("p" + std::to_string(i), skill(i), {{"here", 100}}));
    EXPECT_TRUE(line.pass(9).empty());

    const auto matches = line.pass(10);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("Marauders").size(), 160U);
}

TEST(Example7, LatencyIsRelaxedBetweenTheTwoSteps) {
    Line line(stages_of(large));
    for (int i = 0; i < 155; ++i) line.join(player("p" + std::to_string(i), skill(i), {{"here", i < 10 ? 180U : 100U}}));

    EXPECT_TRUE(line.pass(11).empty()) << "145 are near enough";
    EXPECT_EQ(line.pass(12).size(), 1U);
}

TEST(Example7, TwoHundredOfSimilarSkillAreTaken) {
    Line line(stages_of(large));
    line.join(player("first", skill(0), {{"here", 50}}));
    for (int i = 0; i < 300; ++i) line.join(player("p" + std::to_string(i), skill(300 - i), {{"here", 50}}));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    const auto& all = matches[0].at("Marauders");
    EXPECT_EQ(all.size(), 200U);
    EXPECT_EQ(std::ranges::count(all, "p0"), 0) << "skill 300, the farthest from the first";
}

const std::string monster_hunters = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "monster-kills", "type": "number", "default": 5}],
  "algorithm": {"balancedAttribute": "monster-kills", "strategy": "balanced", "batchingPreference": "fastestRegion"},
  "teams": [{"name": "Monsters", "maxPlayers": 5, "minPlayers": 5}, {"name": "Hunters", "maxPlayers": 15, "minPlayers": 12, "quantity": 10}],
  "rules": [{"name": "latency-catchall", "type": "latency", "maxLatency": 150}],
  "expansions": [{"target": "teams[Hunters].minPlayers", "steps": [{"waitTimeSeconds": 15, "value": 10}, {"waitTimeSeconds": 20, "value": 8}]}]
})json";

TEST(Example8, TeamsFillInTheDocumentedOrder) {
    struct Case {
        int players;
        std::size_t least_hunters;
        std::size_t most_hunters;
    };
    for (const auto& [players, least, most] : {Case{125, 12, 12}, Case{130, 12, 13}, Case{155, 15, 15}}) {
        Line line(stages_of(monster_hunters));
        for (int i = 0; i < players; ++i) line.join(player("p" + std::to_string(i), {}, {{"near", 30}, {"far", 140}}));

        const auto matches = line.pass(0);

        ASSERT_EQ(matches.size(), 1U) << players;
        EXPECT_EQ(matches[0].at("Monsters").size(), 5U) << players;
        for (int team = 1; team <= 10; ++team) {
            const auto size = matches[0].at("Hunters_" + std::to_string(team)).size();
            EXPECT_GE(size, least) << players;
            EXPECT_LE(size, most) << players;
        }
    }
}

TEST(Example8, FewerHuntersWithTimeAndNoneTooFarAway) {
    Line line(stages_of(monster_hunters));
    for (int i = 0; i < 105; ++i) line.join(player("p" + std::to_string(i), {}, {{"near", 30}}));
    line.join(player("far", {}, {{"near", 151}}));
    EXPECT_TRUE(line.pass(14).empty());

    const auto matches = line.pass(15);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("Hunters_10").size(), 10U);
    EXPECT_EQ(line.engine().waiting(), 1U);
}

std::string similar(int team) {
    const auto size = std::to_string(team);
    return R"json({"ruleLanguageVersion": "1.0",
      "playerAttributes": [{"name": "league", "type": "number"}, {"name": "skill", "type": "number"}, {"name": "map", "type": "string"},
                           {"name": "mode", "type": "string"}],
      "algorithm": {"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"},
      "teams": [{"name": "red", "minPlayers": )json" +
           size + R"json(, "maxPlayers": )json" + size + R"json(}, {"name": "blue", "minPlayers": )json" + size + R"json(, "maxPlayers": )json" +
           size + R"json(}],
      "rules": [{"name": "SimilarLeague", "type": "batchDistance", "batchAttribute": "league", "maxDistance": 2},
                {"name": "SimilarSkill", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 10},
                {"name": "SameMap", "type": "batchDistance", "batchAttribute": "map"},
                {"name": "SameMode", "type": "batchDistance", "batchAttribute": "mode"}],
      "expansions": [{"target": "rules[SimilarSkill].maxDistance",
                      "steps": [{"waitTimeSeconds": 10, "value": 20}, {"waitTimeSeconds": 20, "value": 40}]}]})json";
}

Player similar_player(const std::string& id, double of_skill, const std::string& map = "moon", double league = 1) {
    return player(id, {{"league", league}, {"skill", of_skill}, {"map", map}, {"mode", "ranked"}});
}

TEST(Example9, ASpreadOfEighteenWaitsTenSeconds) {
    Line line(stages_of(similar(2)));
    for (const auto& [id, of_skill] : std::map<std::string, double>{{"a", 10}, {"b", 12}, {"c", 14}, {"d", 28}})
        line.join(similar_player(id, of_skill));

    EXPECT_TRUE(line.pass(9).empty());
    EXPECT_EQ(line.pass(10).size(), 1U);
}

TEST(Example9, AHundredAgainstAHundredOfOneMapAndLeague) {
    Line line(stages_of(similar(100)));
    for (int i = 0; i < 100; ++i) {
        line.join(similar_player("p" + std::to_string(i), i % 10));
        line.join(similar_player("q" + std::to_string(i), i % 10, "moon", 3));
        line.join(similar_player("other" + std::to_string(i), i % 10, i % 2 == 0 ? "swamp" : "moon", i % 2 == 0 ? 1 : 4));
    }

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("red").size(), 100U);
    EXPECT_EQ(matches[0].at("blue").size(), 100U);
}

std::string either(int least, int most) {
    const auto sizes = R"json("minPlayers": )json" + std::to_string(least) + R"json(, "maxPlayers": )json" + std::to_string(most);
    return R"json({"ruleLanguageVersion": "1.0",
      "playerAttributes": [{"name": "league", "type": "number"}, {"name": "skill", "type": "number"}, {"name": "map", "type": "string"},
                           {"name": "mode", "type": "string"}],
      "algorithm": {"strategy": "balanced", "balancedAttribute": "skill", "batchingPreference": "fastestRegion"},
      "teams": [{"name": "red", )json" +
           sizes + R"json(}, {"name": "blue", )json" + sizes + R"json(}],
      "rules": [
        {"name": "League", "type": "distance", "measurements": ["max(flatten(teams[*].players.attributes[league]))"],
         "referenceValue": "min(flatten(teams[*].players.attributes[league]))", "maxDistance": 2},
        {"name": "Skill", "type": "distance", "measurements": ["max(flatten(teams[*].players.attributes[skill]))"],
         "referenceValue": "min(flatten(teams[*].players.attributes[skill]))", "maxDistance": 10},
        {"name": "Map", "type": "comparison", "operation": "=", "measurements": ["flatten(teams[*].players.attributes[map])"]},
        {"name": "Mode", "type": "comparison", "operation": "=", "measurements": ["flatten(teams[*].players.attributes[mode])"]},
        {"name": "Either", "type": "compound", "statement": "or(and(Map, Mode), and(Skill, League))"}]})json";
}

TEST(Example10, EitherBranchIsEnough) {
    struct Case {
        Player one;
        Player other;
        std::size_t matches;
    };
    const std::vector<Case> cases{
        {similar_player("a", 10, "moon", 1), similar_player("b", 80, "moon", 50), 1},
        {similar_player("a", 10, "moon", 1), similar_player("b", 12, "swamp", 2), 1},
        {similar_player("a", 10, "moon", 1), similar_player("b", 80, "swamp", 2), 0},
    };
    for (const auto& [one, other, matches] : cases) {
        Line line(stages_of(either(1, 1)));
        line.join(one);
        line.join(other);

        EXPECT_EQ(line.pass(0).size(), matches);
    }
}

TEST(Example10, TenToTwentyInEachTeam) {
    Line line(stages_of(either(10, 20)));
    for (int i = 0; i < 30; ++i) line.join(similar_player("p" + std::to_string(i), 10 * i));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("red").size(), 15U);
    EXPECT_EQ(matches[0].at("blue").size(), 15U);
}

}  // namespace
}  // namespace gk::match
