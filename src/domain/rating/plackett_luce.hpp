#pragma once

#include <cstdint>
#include <span>
#include <vector>

// The Plackett-Luce model of Weng and Lin, for any number of teams of any size.
// Source: R. C. Weng, C.-J. Lin, "A Bayesian Approximation Method for Online Ranking", JMLR 12 (2011), algorithm 4.
namespace gk::rating {

// A skill as a normal distribution: the player is as good as `mean`, give or take `deviation`.
struct Skill {
    double mean = 25;
    double deviation = 25.0 / 3;  // Above 0.
    bool operator==(const Skill&) const = default;
};

struct PlackettLuce {
    double beta = 25.0 / 6;       // How much a game's outcome varies for the same skill.
    double tau = 25.0 / 300;      // Added to each deviation before a game, so that nobody's rating freezes.
    double least_share = 0.0001;  // A game leaves at least this part of a variance (κ).
};

struct Side {
    std::vector<Skill> players;  // At least one.
    std::uint32_t rank = 0;      // The smallest has won; equal ranks are a draw.
};

// Every player after the game, in the order given. One side alone learns nothing.
std::vector<std::vector<Skill>> rate(std::span<const Side> sides, const PlackettLuce& model = {});

// What a player is at least, with a probability of 99.8 %: what leader boards show.
constexpr double ordinal(const Skill& skill) { return skill.mean - 3 * skill.deviation; }

// The probability, of 0 to 1, that the first team beats the second.
double chance(std::span<const Skill> first, std::span<const Skill> second, const PlackettLuce& model = {});

}  // namespace gk::rating
