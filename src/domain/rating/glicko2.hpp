#pragma once

#include <span>

// Glicko-2, for games of one against one: a rating with its uncertainty and the volatility of the player.
// Source: Mark E. Glickman, "Example of the Glicko-2 system" (2022), public domain; the steps in the code are numbered as there.
namespace gk::rating {

struct Glicko2 {
    double rating = 1500;      // On Glicko's scale.
    double deviation = 350;    // Standard deviation of the rating, above 0.
    double volatility = 0.06;  // How erratic the player is, above 0.
    bool operator==(const Glicko2&) const = default;
};

// One game of a period, as the player who is rated saw it.
struct Glicko2Game {
    Glicko2 opponent;  // Before the period.
    double score = 0;  // 1: won, 0.5: drawn, 0: lost.
};

struct Glicko2System {
    // How much volatilities may change: 0.3 to 1.2, smaller when games are full of luck.
    double tau = 0.5;
    // Nobody becomes more uncertain than somebody who is new.
    double deviation_most = 350;
};

// The player after one period with these games, in any order. A period without games only adds uncertainty.
Glicko2 rate(const Glicko2& player, std::span<const Glicko2Game> games, const Glicko2System& system = {});

// The probability, of 0 to 1, that the first beats the second. Both uncertainties count.
double chance(const Glicko2& first, const Glicko2& second);

}  // namespace gk::rating
