// Rules in our own short language.
#include "domain/match/rules/native.hpp"

#include <gtest/gtest.h>

#include "domain/match/rules/search.hpp"
#include "tests/match/queue.hpp"
#include "wire/yaml/yaml.hpp"

namespace gk::match {
namespace {

using Line = Queue<Search>;
using Strings = std::vector<std::string>;
using namespace std::chrono_literals;

std::vector<Stage> rules_of(const std::string& yaml) {
    const auto document = wire::parse_yaml(yaml);
    EXPECT_TRUE(document);
    Errors errors;
    auto stages = read_either_rules(document ? *document : Value(), errors);
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return stages.value_or(std::vector<Stage>());
}

const std::string demo = R"(
size: 12
partial:
  least: 2
  after: 15s
)";

TEST(NativeRules, TwentyFiveJoinsOfSizeTwelveAreTwoMatchesAndOneWaits) {
    Line line(rules_of(demo));
    for (int i = 0; i < 25; ++i) line.join(player("p" + std::to_string(i)));

    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 2U);
    EXPECT_EQ(matches[0].at("players").size(), 12U);
    EXPECT_EQ(matches[1].at("players").size(), 12U);
    EXPECT_EQ(line.engine().waiting(), 1U);
}

TEST(NativeRules, APartIsEnoughWhenTheFirstHasWaited) {
    Line line(rules_of(demo));
    line.join(player("first"), 0);
    EXPECT_TRUE(line.pass(0).empty());
    EXPECT_EQ(line.engine().next_pass(), Time(15s));
    line.join(player("second"), 14);
    line.join(player("third"), 14);
    EXPECT_TRUE(line.pass(14).empty());

    const auto matches = line.pass(15);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("players"), (Strings{"first", "second", "third"}));
}

TEST(NativeRules, AWindowGrowsForEachTicketAndBothMustLieInTheOthers) {
    Line line(rules_of("size: 2\nnear: {skill: {within: 10, grows: 5, most: 30}}\n"));
    line.join(player("patient", {{"skill", 0.0}}), 0);
    line.join(player("new", {{"skill", 25.0}}), 10);

    EXPECT_TRUE(line.pass(10).empty()) << "the patient one would, the new one would not";
    EXPECT_TRUE(line.pass(12).empty());
    EXPECT_LE(line.engine().next_pass(), Time(13s));
    EXPECT_EQ(line.pass(13).size(), 1U);
}

TEST(NativeRules, AWindowGrowsNoWiderThanItsMost) {
    Line line(rules_of("size: 2\nnear: {skill: {within: 10, grows: 5, most: 30}}\n"));
    line.join(player("a", {{"skill", 0.0}}), 0);
    line.join(player("b", {{"skill", 31.0}}), 0);

    EXPECT_TRUE(line.pass(3'600).empty());
}

TEST(NativeRules, EveryTeamGetsItsRoles) {
    Line line(rules_of("teams: {blue: 2, red: 2}\nroles: {places: {healer: 1, tank: 1}}\n"));
    const auto join = [&](const std::string& id, Strings roles) { line.join(player(id, {{"roles", std::move(roles)}})); };
    join("h1", {"healer"});
    join("h2", {"healer"});
    join("h3", {"healer"});
    join("t1", {"tank"});
    EXPECT_TRUE(line.pass(0).empty());

    join("any", {"healer", "tank"});
    const auto matches = line.pass(0);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(line.engine().waiting(), 1U);
}

TEST(NativeRules, SameModeAndANearRegionWithDefaults) {
    Line line(rules_of("size: 2\nsame: [mode]\nlatency: {most: 50, relax: {10s: 100}}\ndefaults: {mode: ranked}\n"));
    line.join(player("a", {}, {{"east", 40}}));
    line.join(player("b", {{"mode", "casual"}}, {{"east", 40}}));
    line.join(player("c", {{"mode", "ranked"}}, {{"east", 90}}));

    EXPECT_TRUE(line.pass(9).empty());
    const auto matches = line.pass(10);

    ASSERT_EQ(matches.size(), 1U);
    EXPECT_EQ(matches[0].at("players"), (Strings{"a", "c"}));
}

TEST(NativeRules, ADocumentWithALanguageVersionIsFlexMatch) {
    const auto stages = rules_of(R"({"ruleLanguageVersion": "1.0", "teams": [{"name": "all", "minPlayers": 2, "maxPlayers": 3}]})");

    ASSERT_EQ(stages.size(), 1U);
    EXPECT_EQ(stages[0].rules.teams[0].name, "all");
}

TEST(NativeRules, EverythingWrongIsSaidWithItsPlace) {
    struct Case {
        std::string yaml;
        std::string pointer;
        std::string detail;
    };
    const std::vector<Case> cases{
        {"partial: {least: 2, after: 15s}", "/size", "give size (players of a match) or teams (players of each), one of both"},
        {"size: 0", "/teams", "a team has room for at least one player"},
        {"size: 201", "/size", "a match has at most 200 players, not 201"},
        {"size: 4\npartial: {least: 5, after: 1s}", "/partial/least", "a part is smaller than the whole match"},
        {"size: 4\nnear: {skill: {within: 10, most: 5}}", "/near/skill/most", "the window begins wider than its most: raise most, or lower within"},
        {"size: 4\nlatency: {most: 50, relax: {soon: 60}}", "/latency/relax/soon", "write how long somebody has waited, as in 10s"},
        {"size: 4\nsame: [mode]\nnear: {mode: {within: 1}}", "/near/mode", "'mode' is a string elsewhere in these rules"},
        {"size: 4\nsame: [mode]\ndefaults: {mode: 7}", "/defaults/mode", "'mode' is a string"},
        {"size: 4\ndefaults: {mode: ranked}", "/defaults/mode", "no rule looks at 'mode'"},
    };
    for (const auto& [yaml, pointer, detail] : cases) {
        const auto document = wire::parse_yaml(yaml);
        ASSERT_TRUE(document) << yaml;
        Errors errors;

        EXPECT_FALSE(read_either_rules(*document, errors)) << yaml;

        ASSERT_EQ(errors.list().size(), 1U) << yaml;
        EXPECT_EQ(errors.list()[0].pointer, pointer) << yaml;
        EXPECT_EQ(errors.list()[0].detail, detail) << yaml;
    }
}

// By Engine, which answers this from sorted lines: teams are split exactly, not as players came.
TEST(NativeRules, BalancedTeamsAreAsStrongAsEachOther) {
    for (const auto* rules :
         {"{teams: {red: 3, blue: 3}, balance: skill}", "{teams: {red: 3, blue: 3}, near: {skill: {within: 100}}, balance: skill}"}) {
        Queue<Engine> line(rules_of(rules));
        for (const int skill : {90, 50, 40, 30, 20, 10}) line.join(player("p" + std::to_string(skill), {{"skill", static_cast<double>(skill)}}));

        const auto matches = line.pass(0);

        ASSERT_EQ(matches.size(), 1U) << rules;
        const Strings with_the_best{"p10", "p20", "p90"};
        const Strings others{"p30", "p40", "p50"};
        EXPECT_TRUE((matches[0].at("red") == with_the_best && matches[0].at("blue") == others) ||
                    (matches[0].at("red") == others && matches[0].at("blue") == with_the_best))
            << rules;
    }
}

}  // namespace
}  // namespace gk::match
