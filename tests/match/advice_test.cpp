#include "domain/match/rules/advice.hpp"

#include <gtest/gtest.h>

#include "domain/match/rules/native.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::match {
namespace {

std::vector<Stage> stages_of(std::string_view yaml) {
    const auto document = wire::parse_yaml(yaml);
    EXPECT_TRUE(document) << (document ? "" : document.error().message);
    Errors errors;
    auto stages = read_either_rules(document ? *document : Value(), errors);
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return stages.value_or(std::vector<Stage>());
}

// Whom the advice is about, in its order.
std::vector<std::string> advised(std::string_view yaml, Milliseconds ticket_ttl = std::chrono::minutes(5)) {
    std::vector<std::string> out;
    for (const auto& advice : advice_on(stages_of(yaml), ticket_ttl)) out.push_back(advice.about);
    return out;
}

using Names = std::vector<std::string>;

TEST(Advice, NothingIsSaidOfRulesThatLeaveNobodyWaiting) {
    EXPECT_EQ(advised("{size: 12, partial: {least: 1, after: 15s}, same: [mode], near: {skill: {within: 100, grows: 20}}}"), Names());
}

TEST(Advice, WarnsOfWhatNeverRelaxes) {
    EXPECT_EQ(advised("{size: 2, near: {skill: {within: 100}}}"), (Names{"near skill", "teams"}));
    EXPECT_EQ(advised("{size: 2, partial: {least: 1, after: 1m}, latency: {most: 80}}"), Names{"latency"});
    EXPECT_EQ(advised("{size: 2, partial: {least: 1, after: 1m}, latency: {most: 80, relax: {10s: 120}}}"), Names());
}

TEST(Advice, WarnsOfRulesThatNoMatchCanMeet) {
    EXPECT_EQ(advised("{teams: {red: 5, blue: 5}, partial: {least: 1, after: 9s}, roles: {places: {tank: 1, healer: 1}}}"), (Names{"roles", "roles"}))
        << "once for each team";
    EXPECT_EQ(advised(R"json({"ruleLanguageVersion": "1.0", "teams": [{"name": "a", "minPlayers": 1, "maxPlayers": 2}],
                          "playerAttributes": [{"name": "skill", "type": "number"}],
                          "rules": [{"name": "Near", "type": "batchDistance", "batchAttribute": "skill", "maxDistance": -5}]})json"),
              (Names{"Near", "Near"}));
}

TEST(Advice, WarnsOfAStepThatComesWhenAllTicketsHaveEnded) {
    EXPECT_EQ(advised("{size: 2, partial: {least: 1, after: 2m}}", std::chrono::minutes(2)), Names{"from 2m on"});
    EXPECT_EQ(advised("{size: 2, partial: {least: 1, after: 2m}}", std::chrono::minutes(3)), Names());
}

TEST(Advice, WarnsOfAnAttributeThatNoRuleReads) {
    EXPECT_EQ(advised(R"json({"ruleLanguageVersion": "1.0", "teams": [{"name": "a", "minPlayers": 1, "maxPlayers": 2}],
                          "playerAttributes": [{"name": "skill", "type": "number"}, {"name": "mode", "type": "string"},
                                               {"name": "maps", "type": "string_list"}],
                          "rules": [{"name": "Maps", "type": "collection", "measurements": "flatten(teams[*].players.attributes[maps])",
                                     "operation": "intersection"},
                                    {"name": "Sorted", "type": "absoluteSort", "sortAttribute": "skill", "sortDirection": "ascending"}]})json"),
              Names{"mode"});
}

TEST(Advice, WarnsOfLargeMatches) { EXPECT_EQ(advised("{size: 100, partial: {least: 1, after: 15s}}"), Names{"teams"}); }

TEST(Advice, SaysWhichRulesTheLinesCannotAnswer) {
    EXPECT_EQ(what_needs_search(stages_of("{size: 12, same: [mode], near: {skill: {within: 5}}}")), Names());
    EXPECT_EQ(what_needs_search(stages_of("{teams: {red: 5, blue: 5}, same: [mode], roles: {places: {any: 5}}}")), Names{"roles"});
    EXPECT_EQ(what_needs_search(stages_of("{teams: {red: 5, blue: 5}, balance: skill}")), Names());
    EXPECT_EQ(what_needs_search(stages_of("{teams: {red: 5, blue: 5}, near: {skill: {within: 5}}, balance: skill}")), Names());
    EXPECT_EQ(what_needs_search(stages_of("{teams: {red: 5, blue: 5}, near: {level: {within: 5}}, balance: skill}")), Names{"algorithm"});
    EXPECT_EQ(what_needs_search(stages_of("{teams: {red: 50, blue: 50}, balance: skill}")), Names{"algorithm"});
    EXPECT_EQ(what_needs_search(stages_of("{teams: {hunters: 4, monster: 1}}")), Names{"teams"});
    EXPECT_EQ(what_needs_search(stages_of("{size: 2, near: {skill: {within: 5}, level: {within: 3}}}")), (Names{"near level", "near skill"}))
        << "each alone would do";
}

}  // namespace
}  // namespace gk::match
