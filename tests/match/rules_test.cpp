// Rule sets as people write them: JSON in the FlexMatch rule language.

#include <gtest/gtest.h>

#include "domain/match/rules/rule_set.hpp"
#include "net/json/json.hpp"

namespace gk::match {
namespace {
using namespace std::chrono_literals;

Value document(const std::string& json) {
    auto parsed = net::parse_json(json);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return parsed ? std::move(*parsed) : Value();
}

std::vector<Stage> stages_of(const std::string& json) {
    Errors errors;
    auto stages = read_rules(document(json), errors);
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return stages.value_or(std::vector<Stage>());
}

const std::string fair_teams = R"json({
  "name": "fair teams", "ruleLanguageVersion": "1.0",
  "playerAttributes": [{"name": "skill", "type": "number", "default": 10}],
  "teams": [{"name": "cowboys", "minPlayers": 4, "maxPlayers": 8}, {"name": "aliens", "minPlayers": 4, "maxPlayers": 8}],
  "rules": [
    {"name": "Fair", "type": "distance", "measurements": ["avg(teams[*].players.attributes[skill])"],
     "referenceValue": "avg(flatten(teams[*].players.attributes[skill]))", "maxDistance": 10
},
    {"name": "Equal", "type": "comparison", "measurements": ["count(teams[cowboys].players)"],
     "referenceValue": "count(teams[aliens].players)", "operation": "="}],
  "expansions": [{"target": "rules[Fair].maxDistance",
                  "steps": [{"waitTimeSeconds": 5, "value": 50}, {"waitTimeSeconds": 15, "value": 100}]}]
})json";

double fair_distance(const Stage& stage) { return std::get<Distance>(stage.rules.rules[0].body).most.value(); }

TEST(Rules, AnExpansionIsAStageOfItsOwn) {
    const auto stages = stages_of(fair_teams);

    ASSERT_EQ(stages.size(), 3U);
    EXPECT_EQ(stages[0].from, 0ms);
    EXPECT_EQ(stages[1].from, 5s);
    EXPECT_EQ(stages[2].from, 15s);
    EXPECT_EQ(fair_distance(stages[0]), 10);
    EXPECT_EQ(fair_distance(stages[1]), 50);
    EXPECT_EQ(fair_distance(stages[2]), 100);
    EXPECT_EQ(players_least(stages[0].rules), 8U);
    EXPECT_EQ(players_most(stages[0].rules), 16U);
}

// The ages of two expansions mix; what one has reached stays when the other goes on.
TEST(Rules, StagesAddUp) {
    const auto stages = stages_of(R"json({
      "ruleLanguageVersion": "1.0", "playerAttributes": [{"name": "skill", "type": "number"}],
      "algorithm": {"strategy": "balanced", "batchingPreference": "largestPopulation", "balancedAttribute": "skill"},
      "teams": [{"name": "all", "minPlayers": 175, "maxPlayers": 200}],
      "rules": [{"name": "Near", "type": "latency", "maxLatency": "150"}],
      "expansions": [
        {"target": "teams[all].minPlayers", "steps": [{"waitTimeSeconds": 10, "value": 150}, {"waitTimeSeconds": 15, "value": 100}]},
        {"target": "rules[Near].maxLatency", "steps": [{"waitTimeSeconds": 12, "value": 200}]}]})json");

    ASSERT_EQ(stages.size(), 4U);
    const auto latency = [&](std::size_t i) { return std::get<Latency>(stages[i].rules.rules[0].body).most.value(); };
    EXPECT_EQ(players_least(stages[1].rules), 150U);
    EXPECT_EQ(latency(1), 150);
    EXPECT_EQ(stages[2].from, 12s);
    EXPECT_EQ(players_least(stages[2].rules), 150U);
    EXPECT_EQ(latency(2), 200);
    EXPECT_EQ(players_least(stages[3].rules), 100U);
    EXPECT_EQ(latency(3), 200);
}

TEST(Rules, EveryKindOfRuleIsRead) {
    const auto stages = stages_of(R"json({
      "ruleLanguageVersion": "1.0",
      "playerAttributes": [{"name": "skill", "type": "number"}, {"name": "mode", "type": "string", "default": "duel"},
                           {"name": "wanted", "type": "string_list"}, {"name": "maps", "type": "string_number_map"}],
      "algorithm": {"strategy": "exhaustiveSearch", "batchingPreference": "sorted", "sortByAttributes": ["skill"],
                    "expansionAgeSelection": "oldest", "backfillPriority": "high"},
      "teams": [{"name": "red", "minPlayers": 1, "maxPlayers": 5, "quantity": 2}],
      "rules": [
        {"name": "Same", "type": "comparison", "measurements": "flatten(teams[*].players.attributes[mode])", "operation": "="},
        {"name": "Close", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": "500", "partyAggregation": "max"},
        {"name": "Wanted", "type": "collection", "operation": "contains", "measurements": ["flatten(teams[*].players.attributes[mode])"],
         "referenceValue": "duel", "minCount": 1, "maxCount": 5},
        {"name": "Blocked", "type": "collection", "operation": "reference_intersection_count",
         "measurements": ["flatten(teams[*].players.attributes[wanted])"], "referenceValue": "flatten(teams[*].players[playerId])", "maxCount": 0},
        {"name": "Shared", "type": "collection", "operation": "intersection",
         "measurements": ["flatten(teams[*].players.attributes[wanted])"], "minCount": 1},
        {"name": "Near", "type": "latency", "maxLatency": 150, "maxDistance": 50, "distanceReference": "min"},
        {"name": "Map", "type": "absoluteSort", "sortDirection": "descending", "sortAttribute": "maps", "mapKey": "maxValue"},
        {"name": "Experience", "type": "distanceSort", "sortDirection": "ascending", "sortAttribute": "skill"},
        {"name": "Either", "type": "compound", "statement": "or(Same, Close)"}]
})json");

    ASSERT_EQ(stages.size(), 1U);
    const auto& rules = stages[0].rules.rules;
    ASSERT_EQ(rules.size(), 9U);
    EXPECT_TRUE(rules[0].is_part);
    EXPECT_TRUE(rules[1].is_part);
    EXPECT_FALSE(rules[2].is_part);
    EXPECT_EQ(std::get<BatchDistance>(rules[1].body).most, 500);
    EXPECT_EQ(std::get<BatchDistance>(rules[1].body).party, PartyAggregation::max);
    EXPECT_EQ(std::get<Collection>(rules[3].body).most, 0);
    EXPECT_EQ(std::get<Sort>(rules[6].body).map_key, Sort::MapKey::max_value);
    EXPECT_EQ(std::get<Sort>(rules[7].body).kind, Sort::Kind::distance);
    EXPECT_EQ(stages[0].rules.algorithm.expansion_age, Algorithm::Age::oldest);
}

// The guide prints a rule set with one member twice in an object: what stands first would be lost without a word.
TEST(Rules, AMemberThatStandsTwiceIsRefused) {
    const auto parsed = net::parse_json(R"json({"target": "a", "steps": [], "target": "b", "steps": []})json");

    ASSERT_FALSE(parsed);
    EXPECT_NE(parsed.error().message.find("stands twice"), std::string::npos) << parsed.error().message;
}

TEST(Rules, EverythingWrongIsSaidAtOnceWithItsPlace) {
    Errors errors;
    const auto stages = read_rules(document(R"json({
      "ruleLanguageVersion": "2.0", "playerAttributes": [{"name": "skill", "type": "number", "default": "much"}],
      "algorithm": {"strategy": "balanced", "batchingPreference": "random"},
      "teams": [{"name": "red", "minPlayers": 9, "maxPlayers": 8}],
      "rules": [{"name": "A", "type": "distance", "measurements": ["avg(teams[rde].players.attributes[skill])"], "referenceValue": 1, "maxDistance": 5
},
                {"name": "B", "type": "nearness"},
                {"name": "C", "type": "comparison", "measurements": ["teams[red].players.attributes[skill]"], "operation": "<"}]
})json"),
                                   errors);

    EXPECT_FALSE(stages);
    std::vector<std::string> pointers;
    for (const auto& error : errors.list()) pointers.push_back(error.pointer);
    EXPECT_EQ(pointers, (std::vector<std::string>{"/ruleLanguageVersion", "/algorithm/batchingPreference", "/algorithm/balancedAttribute",
                                                  "/teams/0/minPlayers", "/rules/0/measurements/0", "/rules/1/type", "/rules/2/referenceValue",
                                                  "/playerAttributes/0/default"}));
}

TEST(Rules, AnExpansionThatWouldBreakTheRulesIsRefused) {
    struct Case {
        std::string expansion;
        std::string sentence;
    };
    const std::vector<Case> cases{
        {R"json({"target": "rules[Near].maxDistance", "steps": []})json", "there is no rules[Near]"},
        {R"json({"target": "Fair.maxDistance", "steps": []})json", "write rules[NAME].member, teams[NAME].member or algorithm.member"},
        {R"json({"target": "rules[Fair].type", "steps": [{"waitTimeSeconds": 5, "value": "latency"}]})json", "'type' does not change with time"},
        {R"json({"target": "rules[Fair].maxDistance", "steps": [{"waitTimeSeconds": 9, "value": 1}, {"waitTimeSeconds": 5, "value": 2}]})json",
         "steps stand in the order of their waitTimeSeconds, each later than the one before"},
        {R"json({"target": "teams[red].minPlayers", "steps": [{"waitTimeSeconds": 5, "value": 9}]})json",
         "from 5s on, /teams/0/minPlayers would be wrong: minPlayers is above maxPlayers"},
    };
    for (const auto& [expansion, sentence] : cases) {
        Errors errors;
        const auto stages = read_rules(document(R"json({"ruleLanguageVersion": "1.0", "playerAttributes": [{"name": "skill", "type": "number"}],
            "teams": [{"name": "red", "minPlayers": 2, "maxPlayers": 8}],
            "rules": [{"name": "Fair", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 5}], "expansions": [)json" +
                                                expansion + "]}"),
                                       errors);

        EXPECT_FALSE(stages) << expansion;
        ASSERT_EQ(errors.list().size(), 1U) << expansion;
        EXPECT_EQ(errors.list()[0].detail, sentence) << expansion;
    }
}

TEST(Rules, ACompoundIsNoPartOfItself) {
    Errors errors;
    const auto stages = read_rules(document(R"json({"ruleLanguageVersion": "1.0", "playerAttributes": [{"name": "skill", "type": "number"}],
        "teams": [{"name": "red", "minPlayers": 2, "maxPlayers": 8}],
        "rules": [{"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": 5},
                  {"name": "A", "type": "compound", "statement": "or(Near, B)"
}, {"name": "B", "type": "compound", "statement": "not(A)"}]
})json"),
                                   errors);

    EXPECT_FALSE(stages);
    ASSERT_EQ(errors.list().size(), 2U);
    EXPECT_EQ(errors.list()[0].pointer, "/rules/1/statement");
    EXPECT_EQ(errors.list()[1].pointer, "/rules/2/statement");
}

}  // namespace
}  // namespace gk::match
