#include "domain/rating/plackett_luce.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace gk::rating {

namespace {

double squared(double x) { return x * x; }

struct Team {
    double mean = 0;
    double variance = 0;
    std::uint32_t rank = 0;
};

Team team_of(std::span<const Skill> players) {
    Team team;
    for (const auto& player : players) {
        team.mean += player.mean;
        team.variance += squared(player.deviation);
    }
    return team;
}

// A side's means and variances by the game: Ω moves the team's mean, Δ shrinks its variance. Formulas (50) and (51) of the paper.
struct Update {
    double omega = 0;
    double delta = 0;
};

std::vector<Update> updates(const std::vector<Team>& teams, double beta) {
    double c = 0;
    for (const auto& team : teams) c += team.variance + squared(beta);
    c = std::sqrt(c);

    std::vector<Update> found(teams.size());
    for (const auto& q : teams) {
        // Of all who finished with q or behind: the chance of each to be the next.
        double rest = 0;
        double tied = 0;
        for (const auto& s : teams) {
            if (s.rank >= q.rank) rest += std::exp(s.mean / c);
            if (s.rank == q.rank) tied += 1;
        }
        for (std::size_t i = 0; i < teams.size(); ++i) {
            if (teams[i].rank < q.rank) continue;
            const double share = std::exp(teams[i].mean / c) / rest;
            found[i].omega += ((&teams[i] == &q ? 1 : 0) - share) / tied;
            found[i].delta += share * (1 - share) / tied;
        }
    }
    for (std::size_t i = 0; i < teams.size(); ++i) {
        const double gamma = std::sqrt(teams[i].variance) / c;
        found[i].omega *= teams[i].variance / c;
        found[i].delta *= gamma * teams[i].variance / squared(c);
    }
    return found;
}

}  // namespace

std::vector<std::vector<Skill>> rate(std::span<const Side> sides, const PlackettLuce& model) {
    std::vector<std::vector<Skill>> rated;
    std::vector<Team> teams;
    for (const auto& side : sides) {
        auto& players = rated.emplace_back(side.players);
        for (auto& player : players) player.deviation = std::hypot(player.deviation, model.tau);
        teams.push_back(team_of(players));
        teams.back().rank = side.rank;
    }
    if (sides.size() < 2) return rated;

    const auto found = updates(teams, model.beta);
    for (std::size_t i = 0; i < teams.size(); ++i) {
        for (auto& player : rated[i]) {
            const double part = squared(player.deviation) / teams[i].variance;
            player.mean += part * found[i].omega;
            player.deviation *= std::sqrt(std::max(1 - part * found[i].delta, model.least_share));
        }
    }
    return rated;
}

double chance(std::span<const Skill> first, std::span<const Skill> second, const PlackettLuce& model) {
    const auto a = team_of(first);
    const auto b = team_of(second);
    const double spread = std::sqrt(2 * squared(model.beta) + a.variance + b.variance);  // In this model a team varies as one.
    return 0.5 * std::erfc((b.mean - a.mean) / spread / std::numbers::sqrt2);
}

}  // namespace gk::rating
