#include "domain/rating/standing.hpp"

#include <gtest/gtest.h>

#include "domain/rating/glicko2.hpp"

namespace gk::rating {
namespace {

Contender alone(Model model, std::uint32_t rank) { return {.players = {newcomer(model)}, .rank = rank}; }

TEST(Standing, OfAWinnerRisesAndOfALoserFallsWithBothModels) {
    for (const auto model : {Model::weng_lin, Model::glicko2}) {
        const auto after = after_match(model, std::array{alone(model, 2), alone(model, 1)});
        const auto before = newcomer(model);

        EXPECT_LT(after[0][0].value, before.value) << name_of(model);
        EXPECT_GT(after[1][0].value, before.value) << name_of(model);
        EXPECT_LT(after[1][0].deviation, before.deviation) << name_of(model);
        const auto drawn = after_match(model, std::array{alone(model, 1), alone(model, 1)});
        EXPECT_NEAR(drawn[0][0].value, before.value, 1e-9) << name_of(model);
    }
}

TEST(Standing, OfOneAgainstOneIsThatOfGlicko2) {
    const auto after = after_match(Model::glicko2, std::array{alone(Model::glicko2, 1), alone(Model::glicko2, 2)});
    const auto expected = rate(Glicko2(), std::array{Glicko2Game{.opponent = {}, .score = 1}});

    EXPECT_DOUBLE_EQ(after[0][0].value, expected.rating);
    EXPECT_DOUBLE_EQ(after[0][0].volatility, expected.volatility);
}

// A team is as strong as its players on the average: who wins with it against a strong one rises by more.
TEST(Standing, OfTeamsWithGlicko2CountsTheWholeOtherTeam) {
    const auto gained = [](double first, double second) {
        Contender strong;
        strong.rank = 2;
        for (const double value : {first, second}) strong.players.push_back({.value = value, .deviation = 80, .volatility = 0.06});
        return after_match(Model::glicko2, std::array{alone(Model::glicko2, 1), strong})[0][0].value;
    };

    EXPECT_DOUBLE_EQ(gained(1400, 1600), gained(1500, 1500));
    EXPECT_GT(gained(1600, 1800), gained(1500, 1500));
}

}  // namespace
}  // namespace gk::rating
