#include "domain/rating/standing.hpp"

#include <cmath>

#include "domain/rating/glicko2.hpp"
#include "domain/rating/plackett_luce.hpp"

namespace gk::rating {
namespace {

using Standings = std::vector<std::vector<Standing>>;

Glicko2 glicko2_of(const Standing& standing) {
    return {.rating = standing.value, .deviation = standing.deviation, .volatility = standing.volatility};
}

Standings after_weng_lin(std::span<const Contender> contenders) {
    std::vector<Side> sides;
    for (const auto& contender : contenders) {
        auto& side = sides.emplace_back(Side{.players = {}, .rank = contender.rank});
        for (const auto& player : contender.players) side.players.push_back({.mean = player.value, .deviation = player.deviation});
    }
    Standings out;
    for (const auto& players : rate(sides)) {
        auto& side = out.emplace_back();
        for (const auto& player : players) side.push_back({.value = player.mean, .deviation = player.deviation});
    }
    return out;
}

// As strong as its players on the average, and as uncertain.
Glicko2 average(const Contender& contender) {
    const auto count = static_cast<double>(contender.players.size());
    double rating = 0;
    double variance = 0;
    for (const auto& player : contender.players) {
        rating += player.value / count;
        variance += player.deviation * player.deviation / count;
    }
    return {.rating = rating, .deviation = std::sqrt(variance)};
}

double score(std::uint32_t own, std::uint32_t other) { return own == other ? 0.5 : own < other ? 1 : 0; }

Standings after_glicko2(std::span<const Contender> contenders) {
    Standings out;
    for (const auto& contender : contenders) {
        std::vector<Glicko2Game> games;
        for (const auto& other : contenders) {
            if (&other != &contender) games.push_back({.opponent = average(other), .score = score(contender.rank, other.rank)});
        }
        auto& side = out.emplace_back();
        for (const auto& player : contender.players) {
            const auto after = rate(glicko2_of(player), games);
            side.push_back({.value = after.rating, .deviation = after.deviation, .volatility = after.volatility});
        }
    }
    return out;
}

}  // namespace

Standing newcomer(Model model) {
    if (model == Model::weng_lin) return {.value = Skill().mean, .deviation = Skill().deviation};
    const Glicko2 fresh;
    return {.value = fresh.rating, .deviation = fresh.deviation, .volatility = fresh.volatility};
}

std::vector<std::vector<Standing>> after_match(Model model, std::span<const Contender> contenders) {
    return model == Model::weng_lin ? after_weng_lin(contenders) : after_glicko2(contenders);
}

}  // namespace gk::rating
