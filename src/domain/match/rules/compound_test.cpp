#include "domain/match/rules/compound.hpp"

#include <gtest/gtest.h>

namespace gk::match {
namespace {

const std::vector<std::string> names{"Serious", "Close", "Casual"};

TEST(Compound, JoinsRulesByWords) {
    const auto parsed = parse_statement(" or( and(Serious, Close), not(Casual) ) ", names);

    ASSERT_TRUE(parsed) << parsed.error();
    const auto& nodes = parsed->nodes;
    ASSERT_EQ(nodes.size(), 6U);
    EXPECT_EQ(nodes[0].rule, 0U);
    EXPECT_EQ(nodes[1].rule, 1U);
    EXPECT_EQ(nodes[2].word, Compound::Word::all);
    EXPECT_EQ(nodes[2].parts, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(nodes[4].word, Compound::Word::none);
    EXPECT_EQ(nodes[4].parts, (std::vector<std::size_t>{3}));
    EXPECT_EQ(nodes[5].word, Compound::Word::any);
    EXPECT_EQ(nodes[5].parts, (std::vector<std::size_t>{2, 4}));
}

TEST(Compound, RefusesWithCauseAndCure) {
    struct Case {
        std::string source;
        std::string sentence;
    };
    const std::vector<Case> cases{
        {"Serious", "a statement joins rules by and(), or(), not() or xor()"},
        {"and(Serious)", "and() takes at least two rules"},
        {"not(Serious, Close)", "not() takes one rule"},
        {"and(Serious, Closed)", "there is no rule 'Closed'; did you mean 'Close'?"},
        {"and(Serious,)", "the name of a rule is missing in the statement"},
        {"both(Serious, Close)", "'both' is none of and, or, not, xor"},
        {"and(Serious, Close", "')' of and() is missing"},
        {"not(Serious) Close", "'Close' stands behind the end of the statement"},
    };
    for (const auto& [source, sentence] : cases) {
        const auto parsed = parse_statement(source, names);

        ASSERT_FALSE(parsed) << source;
        EXPECT_EQ(parsed.error(), sentence) << source;
    }
}

TEST(Compound, DoesNotFollowAStatementWithoutEnd) {
    std::string deep;
    for (int i = 0; i < 100'000; ++i) deep += "not(";

    const auto parsed = parse_statement(deep, names);

    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error(), "the statement nests more than 16 words: cut it into several rules");
}

}  // namespace
}  // namespace gk::match
