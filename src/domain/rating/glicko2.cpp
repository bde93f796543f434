#include "domain/rating/glicko2.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gk::rating {

namespace {

constexpr double scale = 173.7178;  // Between Glicko's scale and the one of the formulas.
constexpr double rating_middle = 1500;
constexpr double precise_enough = 1e-6;

double squared(double x) { return x * x; }

// g(φ): how much a game against somebody so uncertain says.
double weight(double phi) { return 1 / std::sqrt(1 + 3 * squared(phi) / squared(std::numbers::pi)); }

double expected(double mu, double opponent_mu, double opponent_weight) { return 1 / (1 + std::exp(-opponent_weight * (mu - opponent_mu))); }

// What a period's games say: v, the variance of the player's rating by the games alone, and Σ g(φj)(sj − E).
struct Evidence {
    double variance = 0;
    double surprise = 0;
};

Evidence weigh(double mu, std::span<const Glicko2Game> games) {
    double information = 0;
    double surprise = 0;
    for (const auto& game : games) {
        const double opponent_weight = weight(game.opponent.deviation / scale);
        const double chance = expected(mu, (game.opponent.rating - rating_middle) / scale, opponent_weight);
        information += squared(opponent_weight) * chance * (1 - chance);
        surprise += opponent_weight * (game.score - chance);
    }
    return {.variance = 1 / information, .surprise = surprise};
}

// Step 5: the volatility at which f is 0, by the Illinois algorithm. `delta` is the improvement that the games suggest.
double new_volatility(double volatility, double phi, double variance, double delta, double tau) {
    const double a = std::log(squared(volatility));
    const auto f = [&](double x) {
        const double e = std::exp(x);
        const double spread = squared(phi) + variance + e;
        return e * (squared(delta) - spread) / (2 * squared(spread)) - (x - a) / squared(tau);
    };
    double low = a;
    double high = 0;
    if (squared(delta) > squared(phi) + variance) {
        high = std::log(squared(delta) - squared(phi) - variance);
    } else {
        high = a - tau;
        while (f(high) < 0) high -= tau;
    }
    double f_low = f(low);
    double f_high = f(high);
    while (std::abs(high - low) > precise_enough) {
        const double between = low + (low - high) * f_low / (f_high - f_low);
        const double f_between = f(between);
        if (f_between * f_high <= 0) {
            low = high;
            f_low = f_high;
        } else {
            f_low /= 2;
        }
        high = between;
        f_high = f_between;
    }
    return std::exp(low / 2);
}

}  // namespace

Glicko2 rate(const Glicko2& player, std::span<const Glicko2Game> games, const Glicko2System& system) {
    const double mu = (player.rating - rating_middle) / scale;  // Step 2.
    const double phi = player.deviation / scale;
    Glicko2 rated = player;
    if (games.empty()) {
        rated.deviation = std::min(scale * std::hypot(phi, player.volatility), system.deviation_most);
        return rated;
    }
    const auto [variance, surprise] = weigh(mu, games);  // Steps 3 and 4.
    rated.volatility = new_volatility(player.volatility, phi, variance, variance * surprise, system.tau);
    const double phi_before = std::hypot(phi, rated.volatility);                          // Step 6.
    const double phi_after = 1 / std::sqrt(1 / squared(phi_before) + 1 / variance);       // Step 7.
    rated.rating = rating_middle + scale * (mu + squared(phi_after) * surprise);          // Step 8.
    rated.deviation = std::min(scale * phi_after, system.deviation_most);
    return rated;
}

double chance(const Glicko2& first, const Glicko2& second) {
    const double both = std::hypot(first.deviation, second.deviation) / scale;
    return expected(first.rating / scale, second.rating / scale, weight(both));
}

}  // namespace gk::rating
