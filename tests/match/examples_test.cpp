// The rule sets that the FlexMatch guide shows, each with what must come out of it. Where the guide's text and its JSON differ, the JSON counts.
#include <gtest/gtest.h>

#include "domain/match/rules/search.hpp"
#include "tests/match/queue.hpp"

namespace gk::match {
namespace {

using Line = Queue<Search>;
using Strings = std::vector<std::string>;

std::map<std::string, AttributeValue> skill(double value) { return {{"skill", value}}; }

std::string two_teams(int least, int most) {
    return R"json({"ruleLanguageVersion": "1.0", "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
      "teams": [{"name": "cowboys", "minPlayers": )json" +
           std::to_string(least) + R"json(, "maxPlayers": )json" + std::to_string(most) + R"json(},
                {"name": "aliens", "minPlayers": )json" +
           std::to_string(least) + R"json(, "maxPlayers": )json" + std::to_string(most) + R"json(}],
      "rules": [
        {"name": "FairTeamSkill", "type": "distance", "measurements": ["avg(teams[*].players.attributes[skill])"],
         "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))", "maxDistance": 10},
        {"name": "EqualTeamSizes", "type": "comparison", "measurements": ["count(teams[cowboys].players)"],
         "referenceValue": "count(teams[aliens].players)", "operation": "="}],
      "expansions": [{"target": "rules[FairTeamSkill].maxDistance",
                      "steps": [{"waitTimeSeconds": 5, "value": 50}, {"waitTimeSeconds": 15, "value": 100}]}]})json";
}

TEST(Example1, FivePlayersMakeTwoEqualTeamsAndOneIsLeft) {
    Line line(stages_of(two_teams(2, 3)));
    for (const auto* id : {"a", "b", "c", "d", "e"}) line.join(player(id));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("cowboys").size(), 2U);
    EXPECT_EQ(matches[0].at("aliens").size(), 2U);
    EXPECT_EQ(line.engine().waiting(), 1U);
}

TEST(Example1, FillsUpToEightAgainstEight) {
    Line line(stages_of(two_teams(4, 8)));
    for (int i = 0; i < 17; ++i) line.join(player("p" + std::to_string(i)));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("cowboys").size(), 8U);
    EXPECT_EQ(matches[0].at("aliens").size(), 8U);
}

TEST(Example1, TheGapOfTheTeamsGrowsWithTime) {
    Line line(stages_of(two_teams(1, 1)));
    line.join(player("weak", skill(10)));
    line.join(player("strong", skill(100)));

    EXPECT_TRUE(line.pass(4).empty());
    EXPECT_EQ(line.engine().next_pass(), Time(std::chrono::seconds(5)));
    EXPECT_EQ(line.pass(5).size(), 1U) << "45 from the average of both, 50 are allowed";
}

const std::string hunters = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "skill", "type": "number", "default": 10}, {"name": "wish", "type": "number", "default": 10},
                       {"name": "monster", "type": "number", "default": 0}],
  "teams": [{"name": "players", "minPlayers": 5, "maxPlayers": 5}, {"name": "monster", "minPlayers": 1, "maxPlayers": 1}],
  "rules": [
    {"name": "MonsterSelection", "type": "comparison", "measurements": ["teams[monster].players.attributes[monster]"], "referenceValue": 1,
     "operation": "="},
    {"name": "PlayerSelection", "type": "comparison", "measurements": ["teams[players].players.attributes[monster]"], "referenceValue": 0,
     "operation": "="},
    {"name": "MonsterSkill", "type": "comparison", "measurements": ["avg(teams[monster].players.attributes[skill])"],
     "referenceValue": "max(teams[players].players.attributes[wish])", "operation": ">="}],
  "expansions": [{"target": "teams[players].minPlayers", "steps": [{"waitTimeSeconds": 30, "value": 4}, {"waitTimeSeconds": 60, "value": 3}]}]
})json";

Player hunter(const std::string& id, double wish) { return player(id, {{"wish", wish}}); }
Player monster(const std::string& id, double of_skill) { return player(id, {{"skill", of_skill}, {"monster", 1.0}}); }

TEST(Example2, NobodyWhoWantsToBeTheMonsterNoMatch) {
    Line line(stages_of(hunters));
    for (const auto* id : {"a", "b", "c", "d", "e", "f"}) line.join(hunter(id, 10));

    EXPECT_TRUE(line.pass(0).empty());
}

TEST(Example2, TheMonsterMeetsTheHighestWish) {
    Line line(stages_of(hunters));
    for (const auto* id : {"a", "b", "c", "d"}) line.join(hunter(id, 30));
    line.join(hunter("e", 40));
    line.join(monster("weak", 30));
    EXPECT_TRUE(line.pass(0).empty());

    line.join(monster("strong", 40));
    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("monster"), Strings{"strong"});
}

TEST(Example2, FewerHuntersAreEnoughWithTime) {
    Line line(stages_of(hunters));
    for (const auto* id : {"a", "b", "c"}) line.join(hunter(id, 10));
    line.join(monster("m", 10));

    EXPECT_TRUE(line.pass(59).empty());
    EXPECT_EQ(line.pass(60).size(), 1U);
}

const std::string trios = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "skill", "type": "number", "default": 10},
                       {"name": "character", "type": "string_list", "default": ["peasant"]}],
  "teams": [{"name": "trio", "minPlayers": 3, "maxPlayers": 5, "quantity": 3}],
  "rules": [
    {"name": "FairTeamSkill", "type": "distance", "measurements": ["avg(teams[*].players.attributes[skill])"],
     "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))", "maxDistance": 10},
    {"name": "CloseTeamSizes", "type": "distance", "measurements": ["max(count(teams[*].players))"],
     "referenceValue": "min(count(teams[*].players))", "maxDistance": 1},
    {"name": "OverallMedicLimit", "type": "collection", "measurements": ["flatten(teams[*].players.attributes[character])"],
     "operation": "contains", "referenceValue": "medic", "maxCount": 5},
    {"name": "FastConnection", "type": "latency", "maxLatency": 50}],
  "expansions": [{"target": "rules[FastConnection].maxLatency",
                  "steps": [{"waitTimeSeconds": 10, "value": 100}, {"waitTimeSeconds": 20, "value": 150}]}]})json";

Player trio_player(const std::string& id, std::uint32_t latency, const std::string& character = "peasant") {
    return player(id, {{"character", Strings{character}}}, {{"here", latency}});
}

TEST(Example3, TenPlayersMakeThreeThreeAndFour) {
    Line line(stages_of(trios));
    for (int i = 0; i < 10; ++i) line.join(trio_player("p" + std::to_string(i), 40));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    std::vector<std::size_t> sizes;
    for (const auto* team : {"trio_1", "trio_2", "trio_3"}) sizes.push_back(matches[0].at(team).size());
    EXPECT_EQ(sizes, (std::vector<std::size_t>{4, 3, 3}));
}

// A party of three and one of five would make teams whose sizes differ by two.
TEST(Example3, ThreeAgainstFiveAndFiveIsNoMatch) {
    Line line(stages_of(trios));
    const auto party = [](const std::string& name, int size) {
        std::vector<Player> players;
        for (int i = 0; i < size; ++i) players.push_back(trio_player(name + std::to_string(i), 40));
        return players;
    };
    line.join(party("a", 3));
    line.join(party("b", 5));
    line.join(party("c", 5));

    EXPECT_TRUE(line.pass(0).empty());
}

TEST(Example3, AtMostFiveMedics) {
    Line line(stages_of(trios));
    for (int i = 0; i < 9; ++i) line.join(trio_player("p" + std::to_string(i), 40, i < 6 ? "medic" : "peasant"));
    EXPECT_TRUE(line.pass(0).empty());

    line.join(trio_player("another", 40));
    EXPECT_EQ(line.pass(0).size(), 1U);
}

TEST(Example3, LatencyIsRelaxedInSteps) {
    Line line(stages_of(trios));
    for (int i = 0; i < 9; ++i) line.join(trio_player("p" + std::to_string(i), i == 0 ? 120 : 40));

    EXPECT_TRUE(line.pass(19).empty());
    EXPECT_EQ(line.pass(20).size(), 1U);
}

TEST(Example3, WhoMeasuredNothingIsToldSo) {
    Line line(stages_of(trios));

    EXPECT_EQ(line.join(player("a")),
              "the rules look at latencies, and player 'a' has measured none: give its latencies, milliseconds to each region");
}

const std::string maps = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "experience", "type": "number", "default": 50},
                       {"name": "gameMode", "type": "string_list", "default": ["deathmatch", "coop"]},
                       {"name": "mapPreference", "type": "string_number_map", "default": {"defaultMap": 100}},
                       {"name": "acceptableMaps", "type": "string_list", "default": ["defaultMap"]}],
  "teams": [{"name": "red", "minPlayers": 3, "maxPlayers": 3}, {"name": "blue", "minPlayers": 3, "maxPlayers": 3}],
  "rules": [
    {"name": "MapPreference", "type": "absoluteSort", "sortDirection": "descending", "sortAttribute": "mapPreference", "mapKey": "maxValue"},
    {"name": "ExperienceAffinity", "type": "distanceSort", "sortDirection": "ascending", "sortAttribute": "experience"},
    {"name": "SharedMode", "type": "collection", "operation": "intersection",
     "measurements": ["flatten(teams[*].players.attributes[gameMode])"], "minCount": 1},
    {"name": "MapOverlap", "type": "collection", "operation": "intersection",
     "measurements": ["flatten(teams[*].players.attributes[acceptableMaps])"], "minCount": 1}]})json";

TEST(Example4, AllShareAModeAndAMap) {
    Line line(stages_of(maps));
    for (const auto* id : {"a", "b", "c", "d", "e"}) line.join(player(id));
    line.join(player("ranked", {{"gameMode", Strings{"ranked"}}}));
    line.join(player("elsewhere", {{"acceptableMaps", Strings{"swamp"}}}));
    EXPECT_TRUE(line.pass(0).empty());

    line.join(player("f", {{"gameMode", Strings{"ranked", "coop"}}}));
    EXPECT_EQ(line.pass(0).size(), 1U);
}

TEST(Example4, TheFirstSortDecidesBeforeTheSecond) {
    using Weights = std::map<std::string, double>;
    Line line(stages_of(maps));
    line.join(player("anchor", {{"mapPreference", Weights{{"moon", 90}, {"swamp", 1}}}, {"experience", 50.0}}));
    line.join(player("no_moon", {{"mapPreference", Weights{{"swamp", 100}}}, {"experience", 50.0}}), 1);
    for (int i = 0; i < 6; ++i) {
        const double experience = 60.0 + i;
        line.join(player("moon" + std::to_string(i), {{"mapPreference", Weights{{"moon", 80}}}, {"experience", experience}}), 2);
    }

    const auto matches = line.pass(3);

    ASSERT_EQ(matches.size(), 1U);
    Strings all;
    for (const auto& [team, ids] : matches[0]) all.insert(all.end(), ids.begin(), ids.end());
    std::ranges::sort(all);
    EXPECT_EQ(all, (Strings{"anchor", "moon0", "moon1", "moon2", "moon3", "moon4"}));
}

const std::string opponents = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "myCharacter", "type": "string_list"}, {"name": "preferredOpponents", "type": "string_list"}],
  "teams": [{"name": "red", "minPlayers": 5, "maxPlayers": 5}],
  "rules": [{"name": "OpponentMatch", "type": "collection", "operation": "reference_intersection_count",
             "measurements": ["flatten(teams[*].players.attributes[myCharacter])"],
             "referenceValue": "set_intersection(flatten(teams[*].players.attributes[preferredOpponents]))", "minCount": 1}],
  "expansions": [{"target": "rules[OpponentMatch].minCount", "steps": [{"waitTimeSeconds": 15, "value": 0}]}]})json";

TEST(Example5, EveryCharacterIsOnEverybodysList) {
    Line line(stages_of(opponents));
    const auto join = [&](const std::string& id, const std::string& character, Strings wanted, int at) {
        line.join(player(id, {{"myCharacter", Strings{character}}, {"preferredOpponents", std::move(wanted)}}), at);
    };
    for (const auto* id : {"a", "b", "c", "d"}) join(id, "knight", {"knight", "mage"}, 0);
    join("picky", "mage", {"mage"}, 0);
    EXPECT_TRUE(line.pass(0).empty());

    join("e", "mage", {"knight", "mage", "rogue"}, 1);
    const auto matches = line.pass(1);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("red"), (Strings{"a", "b", "c", "d", "e"}));
}

TEST(Example5, TheRuleIsOffWithTime) {
    Line line(stages_of(opponents));
    for (const auto* id : {"a", "b", "c", "d", "e"})
        line.join(player(id, {{"myCharacter", Strings{"knight"}}, {"preferredOpponents", Strings{"mage"}}}));

    EXPECT_TRUE(line.pass(14).empty());
    EXPECT_EQ(line.pass(15).size(), 1U);
}

const std::string duel = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "gameMode", "type": "string", "default": "turn-based"}, {"name": "gameMap", "type": "number", "default": 1},
                       {"name": "character", "type": "number"}],
  "teams": [{"name": "player", "minPlayers": 1, "maxPlayers": 1, "quantity": 2}],
  "rules": [
    {"name": "SameGameMode", "type": "comparison", "operation": "=", "measurements": ["flatten(teams[*].players.attributes[gameMode])"]},
    {"name": "SameGameMap", "type": "comparison", "operation": "=", "measurements": ["flatten(teams[*].players.attributes[gameMap])"]},
    {"name": "DifferentCharacter", "type": "comparison", "operation": "!=",
     "measurements": ["flatten(teams[*].players.attributes[character])"]}]})json";

TEST(Example6, SameModeAndMapButNotTheSameCharacter) {
    Line line(stages_of(duel));
    line.join(player("a", {{"character", 7.0}}));
    line.join(player("twin", {{"character", 7.0}}));
    line.join(player("elsewhere", {{"character", 8.0}, {"gameMap", 2.0}}));
    line.join(player("real_time", {{"character", 8.0}, {"gameMode", "real-time"}}));
    EXPECT_TRUE(line.pass(0).empty());

    line.join(player("b", {{"character", 8.0}}));
    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("player_1").size() + matches[0].at("player_2").size(), 2U);
}

TEST(Example6, WhoHasNoCharacterIsToldSo) {
    Line line(stages_of(duel));

    EXPECT_EQ(line.join(player("a")), "the rules look at 'character', which player 'a' does not bring: give its attributes.character, a number");
}

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

const std::string block_lists = R"json({"ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "BlockList", "type": "string_list", "default": []}],
  "teams": [{"name": "red", "minPlayers": 5, "maxPlayers": 5}, {"name": "blue", "minPlayers": 5, "maxPlayers": 5}],
  "rules": [{"name": "PlayerIdNotInBlockList", "type": "collection", "operation": "reference_intersection_count",
             "measurements": "flatten(teams[*].players.attributes[BlockList])", "referenceValue": "flatten(teams[*].players[playerId])",
             "maxCount": 0}],
  "expansions": [{"target": "rules[PlayerIdNotInBlockList].maxCount", "steps": [{"waitTimeSeconds": 30, "value": 1}]}]})json";

TEST(Example11, NobodyIsWithWhomHeBlocksOrWhoBlocksHim) {
    for (const bool is_blocker_first : {true, false}) {
        Line line(stages_of(block_lists));
        const auto blocker = player("blocker", {{"BlockList", Strings{"rude"}}});
        line.join(is_blocker_first ? blocker : player("rude"));
        line.join(is_blocker_first ? player("rude") : blocker, 1);
        for (int i = 0; i < 8; ++i) line.join(player("p" + std::to_string(i)), 1);
        EXPECT_TRUE(line.pass(1).empty());

        line.join(player("another"), 2);
        EXPECT_EQ(line.pass(2).size(), 1U);
        EXPECT_EQ(line.engine().waiting(), 1U);
    }
}

TEST(Example11, ToAvoidBecomesToTolerate) {
    Line line(stages_of(block_lists));
    line.join(player("blocker", {{"BlockList", Strings{"rude"}}}));
    line.join(player("rude"));
    for (int i = 0; i < 8; ++i) line.join(player("p" + std::to_string(i)));

    EXPECT_TRUE(line.pass(29).empty());
    EXPECT_EQ(line.pass(30).size(), 1U);
}

}  // namespace
}  // namespace gk::match
