#include "domain/rating/glicko2.hpp"

#include <array>

#include <gtest/gtest.h>

namespace gk::rating {
namespace {

// The example that Glickman works through in his paper, with the numbers he prints.
TEST(Glicko2, AgreesWithThePublishedExample) {
    const Glicko2 player{.rating = 1500, .deviation = 200, .volatility = 0.06};
    const std::array games{Glicko2Game{.opponent = {.rating = 1400, .deviation = 30}, .score = 1},
                           Glicko2Game{.opponent = {.rating = 1550, .deviation = 100}, .score = 0},
                           Glicko2Game{.opponent = {.rating = 1700, .deviation = 300}, .score = 0}};

    const auto rated = rate(player, games);

    EXPECT_NEAR(rated.rating, 1464.06, 0.01);
    EXPECT_NEAR(rated.deviation, 151.52, 0.01);
    EXPECT_NEAR(rated.volatility, 0.05999, 0.00001);
}

TEST(Glicko2, APeriodWithoutGamesOnlyAddsUncertainty) {
    const Glicko2 player{.rating = 1620, .deviation = 50, .volatility = 0.06};

    const auto rated = rate(player, {});

    EXPECT_EQ(rated.rating, player.rating);
    EXPECT_EQ(rated.volatility, player.volatility);
    EXPECT_NEAR(rated.deviation, 51.07, 0.01);
}

TEST(Glicko2, NobodyBecomesMoreUncertainThanSomebodyNew) {
    Glicko2 player;

    for (int period = 0; period < 1000; ++period) player = rate(player, {});

    EXPECT_EQ(player.deviation, 350);
}

TEST(Glicko2, AFarBetterOpponentBeatenMakesThePlayerMoreVolatile) {
    const Glicko2 player{.rating = 1500, .deviation = 50, .volatility = 0.06};
    const std::array games{Glicko2Game{.opponent = {.rating = 2400, .deviation = 30}, .score = 1}};

    const auto rated = rate(player, games);

    EXPECT_GT(rated.rating, player.rating);
    EXPECT_GT(rated.volatility, player.volatility);
}

TEST(Glicko2, ChancesOfBothAddUpToOne) {
    const Glicko2 strong{.rating = 1700, .deviation = 60};
    const Glicko2 weak{.rating = 1500, .deviation = 200};

    EXPECT_GT(chance(strong, weak), 0.7);
    EXPECT_DOUBLE_EQ(chance(strong, weak) + chance(weak, strong), 1);
    EXPECT_DOUBLE_EQ(chance(weak, weak), 0.5);
}

}  // namespace
}  // namespace gk::rating
