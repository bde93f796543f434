#include "app/match/join_token.hpp"

#include <gtest/gtest.h>

namespace gk::app {
namespace {

const Secret key("0123456789abcdef0123456789abcdef");
constexpr Time expires{std::chrono::seconds(1'800'000'000)};
constexpr Time before = expires - std::chrono::seconds(1);

TEST(JoinToken, NamesThePlayerItWasMadeFor) {
    for (const std::string player : {"ada", "a b", "J\xc3\xbcrgen", "a\nb", "x.y.z"}) {
        const auto token = make_join_token(key, "s1", player, expires);

        EXPECT_EQ(player_of_join_token(key, "s1", token, before), player);
        EXPECT_EQ(token.find_first_of(" \t\r\n"), std::string::npos);
    }
}

// So that others can make them: HMAC-SHA256 of "gamekeeper-join-1\ns1\n1800000000\nada", as openssl dgst -hmac says.
TEST(JoinToken, HasTheDocumentedForm) {
    EXPECT_EQ(make_join_token(key, "s1", "ada", expires), "1800000000.616461.3cae1fccb8eaf21777df46f0958c5cbb321cc8e07ad7e960b3cec46958c3f30d");
}

TEST(JoinToken, IsGoodForOneMatchUntilItExpires) {
    const auto token = make_join_token(key, "s1", "ada", expires);

    EXPECT_EQ(player_of_join_token(key, "s2", token, before).error(), TokenFault::foreign);
    EXPECT_EQ(player_of_join_token(Secret("another key of some length"), "s1", token, before).error(), TokenFault::foreign);
    EXPECT_EQ(player_of_join_token(key, "s1", token, expires).error(), TokenFault::expired);
}

TEST(JoinToken, NoCharacterOfItCanBeChanged) {
    const auto token = make_join_token(key, "s1", "ada", expires);
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == '1' ? '2' : '1';

        EXPECT_FALSE(player_of_join_token(key, "s1", changed, before)) << changed;
        EXPECT_FALSE(player_of_join_token(key, "s1", token.substr(0, i), before)) << i;
    }
}

TEST(JoinToken, IsNothingElse) {
    for (const std::string_view text : {"", ".", "..", "1.61", "x.61.00", "1.6.00", "1.6g.00", "-1.61.00", "9999999999999.61.00", "1.61.00.00"}) {
        EXPECT_EQ(player_of_join_token(key, "s1", text, before).error(), TokenFault::malformed) << text;
    }
}

}  // namespace
}  // namespace gk::app
