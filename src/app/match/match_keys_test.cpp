#include "app/match/match_keys.hpp"

#include <gtest/gtest.h>

#include "base/id.hpp"

namespace gk::app {
namespace {

const MatchId first = MatchId::parse("11111111-1111-4111-8111-111111111111").value();
const MatchId second = MatchId::parse("22222222-2222-4222-8222-222222222222").value();

TEST(MatchKeys, TheKeyOfAServerNamesItsMatchAndNoOtherOne) {
    const MatchKeys keys(Secret("of tokens"));
    const auto key = keys.of_server("default", first);

    const auto server = keys.server_of(key);
    ASSERT_TRUE(server);
    EXPECT_EQ(server->tenant, "default");
    EXPECT_EQ(server->match, first);
    EXPECT_EQ(MatchKeys(Secret("of tokens")).of_server("default", first), key) << "every replica makes the same";

    auto of_another = keys.of_server("default", second);
    of_another.replace(0, key.rfind('.'), key, 0, key.rfind('.'));
    for (const auto& wrong : {std::string(), std::string("gks_"), std::string("gks_."), std::string("gks_.."), key.substr(0, key.rfind('.')),
                              key + "0", of_another, MatchKeys(Secret("another")).of_server("default", first)}) {
        EXPECT_FALSE(keys.server_of(wrong)) << wrong;
    }
}

TEST(MatchKeys, AServerHasAKeyOfJoinTokensOnlyWherePlayersMustShowOne) {
    const MatchKeys keys(Secret("of tokens"));
    match::Match match;
    match.id = first;
    const std::string of_server = keys.of_server("default", first);
    EXPECT_EQ(keys.environment(match), (std::map<std::string, std::string>{{"MATCH_KEY", of_server}}));

    match.join_tokens = true;
    const auto join_key = keys.of_join_tokens(first).reveal();
    EXPECT_EQ(keys.environment(match), (std::map<std::string, std::string>{{"MATCH_KEY", of_server}, {"MATCH_TOKEN_KEY", join_key}}));
    EXPECT_NE(join_key, keys.of_join_tokens(second).reveal());
}

}  // namespace
}  // namespace gk::app
