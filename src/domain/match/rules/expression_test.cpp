#include "domain/match/rules/expression.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::match {
namespace {

const Vocabulary vocabulary{.attributes = {{"skill", AttributeType::number},
                                           {"character", AttributeType::string},
                                           {"modes", AttributeType::string_list},
                                           {"tastes", AttributeType::string_number_map}},
                            .teams = {"red", "blue"}};

TEST(Expression, ReadsWhatTheGuideShows) {
    struct Case {
        std::string source;
        Shape shape;
        std::vector<Aggregate> aggregates;
    };
    const std::vector<Case> cases{
        {"10", {false, 0}, {}},
        {"-2.5", {false, 0}, {}},
        {"duel", {true, 0}, {}},
        {"teams[red].players.attributes[skill]", {false, 1}, {}},
        {"teams[red,blue].players.attributes[skill]", {false, 2}, {}},
        {"teams[*].players.attributes[character]", {true, 2}, {}},
        {"teams[red].players.playerId", {true, 1}, {}},
        {"flatten(teams[*].players[playerId])", {true, 1}, {Aggregate::flatten}},
        {"teams[red].players[*].attributes[modes]", {true, 2}, {}},
        {"count(teams[red].players)", {false, 0}, {Aggregate::count}},
        {"max(count(teams[*].players))", {false, 0}, {Aggregate::count, Aggregate::max}},
        {"avg(teams[*].players.attributes[skill])", {false, 1}, {Aggregate::avg}},
        {"avg(flatten(teams[*].players.attributes[skill]))", {false, 0}, {Aggregate::flatten, Aggregate::avg}},
        {"max( avg( teams[*].players.attributes[skill] ) )", {false, 0}, {Aggregate::avg, Aggregate::max}},
        {"set_intersection(flatten(teams[*].players.attributes[modes]))", {true, 1}, {Aggregate::flatten, Aggregate::set_intersection}},
    };
    for (const auto& [source, shape, aggregates] : cases) {
        const auto parsed = parse_expression(source, vocabulary);

        ASSERT_TRUE(parsed) << source << ": " << parsed.error();
        EXPECT_EQ(parsed->shape, shape) << source;
        EXPECT_EQ(parsed->expression.aggregates, aggregates) << source;
    }
}

TEST(Expression, KeepsWhatItNames) {
    const auto parsed = parse_expression("min(teams[ red , blue ].players.attributes[skill])", vocabulary);

    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->expression.leaf, Expression::Leaf::attribute);
    EXPECT_EQ(parsed->expression.text, "skill");
    EXPECT_EQ(parsed->expression.teams, (std::vector<std::string>{"red", "blue"}));
    EXPECT_FALSE(parsed->expression.is_one_team);
}

TEST(Expression, RefusesWithCauseAndCure) {
    struct Case {
        std::string source;
        std::string sentence;
    };
    const std::vector<Case> cases{
        {"", "nothing stands where a value is expected"},
        {"avg()", "nothing stands where a value is expected"},
        {"teams.players", "behind 'teams' stands which ones: teams[red], teams[red,blue] or teams[*]"},
        {"teams[rad].players.attributes[skill]", "there is no team 'rad'; did you mean 'red'?"},
        {"teams[red].attributes[skill]", "behind the teams stands '.players'"},
        {"teams[red].players.attributes[skil]", "playerAttributes has no 'skil'; did you mean 'skill'?"},
        {"teams[red].players.attributes", "behind 'attributes' stands which one: attributes[skill]"},
        {"teams[red].players.attributes[tastes]", "'tastes' is a string_number_map: only latencies, absoluteSort and distanceSort read maps"},
        {"teams[red].players", "players alone are no value: count them, or name an attribute"},
        {"avg(teams[red].players)", "avg() cannot work on players: name an attribute, as in players.attributes[skill]"},
        {"avg(teams[red].players.attributes[character])", "avg() needs a list of numbers"},
        {"avg(5)", "avg() needs a list of numbers"},
        {"flatten(teams[red].players.attributes[skill])", "flatten() needs lists within a list, as of teams[*]"},
        {"avg(teams[red].players.attributes[skill]", "')' of avg() is missing"},
        {"count(teams[red].players) + 1", "'+ 1' stands behind the end of the expression"},
        {"mean(teams[red].players.attributes[skill])",
         "'mean(teams[red].players.attributes[skill]' is no value: write a number, a word, or teams[...].players..."},
    };
    for (const auto& [source, sentence] : cases) {
        const auto parsed = parse_expression(source, vocabulary);

        ASSERT_FALSE(parsed) << source;
        EXPECT_EQ(parsed.error(), sentence) << source;
    }
}

}  // namespace
}  // namespace gk::match
