#include "domain/match/pool/split.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "domain/match/pool/filling.hpp"

namespace gk::match {
namespace {

std::vector<Split::Party> players_of(std::size_t count, std::uint32_t teams, std::uint64_t seed) {
    std::vector<Split::Party> parties;
    for (std::size_t i = 0; i < count; ++i) {
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        parties.push_back({.width = 1, .number = static_cast<std::int64_t>((seed >> 33) % 1'000'000), .team = static_cast<std::uint32_t>(i) % teams});
    }
    return parties;
}

// The least gap of all ways to name a team for each, with the sizes that the teams have.
std::int64_t least_gap(std::vector<Split::Party> parties, std::uint32_t teams) {
    Split split;
    std::ranges::sort(parties, {}, &Split::Party::team);
    std::vector<std::uint32_t> order;
    for (const auto& party : parties) order.push_back(party.team);
    auto least = std::numeric_limits<std::int64_t>::max();
    do {
        for (std::size_t i = 0; i < order.size(); ++i) parties[i].team = order[i];
        least = std::min(least, split.gap(parties, teams));
    } while (std::ranges::next_permutation(order).found);
    return least;
}

TEST(Split, FindsTheMostEvenTeamsOfTwelveOrFewer) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        for (const auto [count, teams] : {std::pair(8, 2), std::pair(7, 2), std::pair(6, 3)}) {
            auto parties = players_of(static_cast<std::size_t>(count), static_cast<std::uint32_t>(teams), seed);
            const auto least = least_gap(parties, static_cast<std::uint32_t>(teams));
            Split split;

            split.improve(parties, static_cast<std::uint32_t>(teams));

            // Halves of unequal size are compared without fractions: two ways may differ by a rounded 64th.
            EXPECT_LE(split.gap(parties, static_cast<std::uint32_t>(teams)), least + 1) << count << " in " << teams << ", seed " << seed;
        }
    }
}

TEST(Split, KeepsPartiesTogetherAndTeamsTheirSizes) {
    std::vector<Split::Party> parties{{.width = 3, .number = 10'000, .team = 0},
                                      {.width = 2, .number = 90'000, .team = 0},
                                      {.width = 2, .number = 20'000, .team = 1},
                                      {.width = 3, .number = 80'000, .team = 1}};

    Split().improve(parties, 2);

    EXPECT_NE(parties[0].team, parties[3].team);
    EXPECT_NE(parties[1].team, parties[2].team);
}

TEST(Split, BringsLargeTeamsNearTogether) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        auto parties = players_of(200, 2, seed);
        Split split;

        split.improve(parties, 2);

        EXPECT_LT(split.gap(parties, 2), std::int64_t{64} * 1000) << "a thousandth of the range";
        EXPECT_EQ(std::ranges::count(parties, 0U, &Split::Party::team), 100);
    }
}

TEST(Filling, FindsAWayWheneverThereIsOne) {
    const std::vector<std::uint32_t> nobody{0, 0};
    struct Row {
        std::vector<std::uint8_t> widths;
        std::uint32_t seated;
    };
    const std::vector<Row> rows{{{3, 3, 3, 1}, 0},     {{3, 3, 1, 2, 1}, 10}, {{2, 2, 2, 2, 1, 1}, 10},
                                {{4, 4, 2, 1, 1}, 10}, {{5, 4}, 0},           {{1, 5, 4}, 10}};
    for (const auto& row : rows) {
        Filling filling;

        std::ignore = filling.fill({.there = nobody, .least = 5, .most = 5}, row.widths);

        EXPECT_EQ(filling.seated(), row.seated) << ::testing::PrintToString(row.widths);
    }
}

TEST(Filling, TakesThoseWhoStandInFront) {
    const std::vector<std::uint32_t> nobody{0};
    Filling filling;

    const auto seats = filling.fill({.there = nobody, .least = 4, .most = 4}, std::vector<std::uint8_t>{2, 3, 1, 1, 2});

    std::vector<std::uint32_t> chosen;
    for (const auto& seat : seats) chosen.push_back(seat.index);
    EXPECT_EQ(chosen, (std::vector<std::uint32_t>{0, 2, 3}));
}

TEST(Filling, FillsManyTeamsWithoutTryingAllWays) {
    const std::vector<std::uint32_t> nobody(50, 0);
    const std::vector<std::uint8_t> widths(100, 2);
    Filling filling;

    std::ignore = filling.fill({.there = nobody, .least = 4, .most = 4}, widths);

    EXPECT_EQ(filling.seated(), 200U);
}

}  // namespace
}  // namespace gk::match
