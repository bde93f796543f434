// The rule sets that the FlexMatch guide shows, each with what must come out of it; the large ones are in large_examples_test.cpp. Where the guide's
// text and its JSON differ, the JSON counts.
#include <gtest/gtest.h>

#include "domain/match/rules/search.hpp"
#include "tests/match/queue.hpp"

namespace gk::match {
namespace {

using Line = Queue<Search>;
using Strings = std::vector<std::string>;

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
