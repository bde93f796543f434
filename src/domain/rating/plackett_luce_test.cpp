#include "domain/rating/plackett_luce.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::rating {
namespace {

using Teams = std::vector<std::vector<Skill>>;

constexpr PlackettLuce still{.tau = 0};  // Most published vectors are without added uncertainty.
constexpr Skill fresh;
constexpr Skill a2{.mean = 32.444, .deviation = 5.123};
constexpr Skill b1{.mean = 43.381, .deviation = 2.421};
constexpr Skill b2{.mean = 25.188, .deviation = 6.211};

void expect_near(const Teams& found, const Teams& wanted) {
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t team = 0; team < wanted.size(); ++team) {
        ASSERT_EQ(found[team].size(), wanted[team].size());
        for (std::size_t player = 0; player < wanted[team].size(); ++player) {
            EXPECT_NEAR(found[team][player].mean, wanted[team][player].mean, 1e-9) << "team " << team << " player " << player;
            EXPECT_NEAR(found[team][player].deviation, wanted[team][player].deviation, 1e-9) << "team " << team << " player " << player;
        }
    }
}

// All vectors are what the npm package openskill 5.0.1 answers; the one of two teams is printed in its documentation.
TEST(PlackettLuce, AgreesWithOpenskillForTwoPlayers) {
    const std::vector<Side> sides{{{fresh}, 0}, {{fresh}, 1}};

    expect_near(rate(sides, still), {{{27.63523138347365, 8.065506316323548}}, {{22.36476861652635, 8.065506316323548}}});
    expect_near(rate(sides), {{{27.635389493140497, 8.06590141354368}}, {{22.364610506859503, 8.06590141354368}}});
}

TEST(PlackettLuce, AgreesWithOpenskillForTwoTeams) {
    const std::vector<Side> sides{{{fresh, a2}, 0}, {{b1, b2}, 1}};

    expect_near(rate(sides, still), {{{28.669648436582808, 8.071520788025197}, {33.83086971107981, 5.062772998705765}},
                                     {{43.071274808241974, 2.4166900452721256}, {23.149503312339064, 6.1378606973362135}}});
}

TEST(PlackettLuce, AgreesWithOpenskillForFiveAlone) {
    const std::vector<Side> sides{{{fresh}, 0}, {{fresh}, 1}, {{fresh}, 2}, {{fresh}, 3}, {{fresh}, 4}};

    expect_near(rate(sides, still), {{{27.666666666666668, 8.290556877154474}},
                                     {{26.833333333333332, 8.240145629781066}},
                                     {{25.72222222222222, 8.179996679645559}},
                                     {{24.055555555555557, 8.111796013701358}},
                                     {{20.72222222222222, 8.111796013701358}}});
}

TEST(PlackettLuce, AgreesWithOpenskillForUnequalTeams) {
    const std::vector<Side> sides{{{fresh}, 0}, {{fresh, fresh}, 1}, {{fresh, fresh, fresh}, 2}};
    const Skill second{26.724234802080918, 8.213058173195341};
    const Skill third{20.293486411897565, 8.171528459095498};

    expect_near(rate(sides, still), {{{27.982278786021517, 8.317807155842498}}, {second, second}, {third, third, third}});
}

TEST(PlackettLuce, AgreesWithOpenskillForADraw) {
    const std::vector<Side> sides{{{fresh}, 0}, {{fresh, fresh}, 1}, {{{.mean = 30, .deviation = 4}}, 1}};
    const Skill drawn{21.13295585405313, 8.028705015750118};

    expect_near(rate(sides, still), {{{28.56706476568846, 8.267653010468235}}, {drawn, drawn}, {{30.06911524921154, 3.990632181101455}}});
}

// What is said about sides does not depend on the order in which they are named.
TEST(PlackettLuce, OrderOfSidesDoesNotMatter) {
    const std::vector<Side> sides{{{fresh, a2}, 1}, {{b1, b2}, 0}};
    const std::vector<Side> turned{{{b1, b2}, 0}, {{fresh, a2}, 1}};

    const auto first = rate(sides, still);
    const auto second = rate(turned, still);

    expect_near(first, {second[1], second[0]});
}

TEST(PlackettLuce, ChanceAgreesWithOpenskill) {
    const std::vector<Skill> first{fresh, a2};
    const std::vector<Skill> second{b1, b2};

    EXPECT_NEAR(chance(first, second), 0.20008079812635943, 1e-7);
    EXPECT_NEAR(chance(first, second) + chance(second, first), 1, 1e-12);
}

}  // namespace
}  // namespace gk::rating
