#include "app/match/results.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gk::app {
namespace {

struct Side {
    std::vector<std::string> players;
    std::uint32_t rank = 0;
};

std::vector<Side> sides_of(const MatchResults& results, const match::Match& match) {
    std::vector<Side> sides;
    for (const auto& [player, rank] : results.players) sides.push_back({.players = {player}, .rank = rank});
    for (const auto& [team, rank] : results.teams) {
        Side side{.players = {}, .rank = rank};
        for (const auto& member : match.members) {
            if (member.team == team && !member.left_at) side.players.push_back(member.player);
        }
        if (!side.players.empty()) sides.push_back(std::move(side));
    }
    return sides;
}

void check_names(const std::map<std::string, std::uint32_t>& ranks, std::string match::Member::* name, const match::Match& match,
                 const std::string& pointer, std::vector<FieldError>& wrong) {
    for (const auto& [named, rank] : ranks) {
        if (std::ranges::find(match.members, named, name) == match.members.end())
            wrong.push_back({pointer_to(pointer, named), "not_found", fmt::format("there is no '{}' in this match", named), {}});
    }
}

}  // namespace

PlayerRating rating_or_newcomer(const std::vector<PlayerRating>& known, const std::string& player, const std::string& queue, rating::Model model) {
    PlayerRating rating{.player = player, .queue = queue, .model = model, .standing = rating::newcomer(model)};
    const auto at = std::ranges::find(known, player, &PlayerRating::player);
    if (at == known.end()) return rating;
    rating.matches = at->matches;
    if (at->model == model) rating.standing = at->standing;
    return rating;
}

std::vector<FieldError> wrong_with(const MatchResults& results, const match::Match& match, const std::string& pointer) {
    std::vector<FieldError> wrong;
    if (results.teams.empty() == results.players.empty()) {
        wrong.push_back({pointer, "required", "give the ranks of the teams or those of players, one of both", {}});
        return wrong;
    }
    check_names(results.teams, &match::Member::team, match, pointer + "/teams", wrong);
    check_names(results.players, &match::Member::player, match, pointer + "/players", wrong);
    if (wrong.empty() && sides_of(results, match).size() < 2)
        wrong.push_back({pointer, "out_of_range", "a result is about at least two teams with players, or two players", {}});
    return wrong;
}

std::vector<std::string> players_of(const MatchResults& results, const match::Match& match) {
    std::vector<std::string> players;
    for (auto& side : sides_of(results, match)) std::ranges::move(side.players, std::back_inserter(players));
    return players;
}

std::vector<PlayerRating> rated(const MatchResults& results, const match::Match& match, rating::Model model, const std::vector<PlayerRating>& known) {
    std::vector<PlayerRating> ratings;
    std::vector<rating::Contender> contenders;
    for (const auto& side : sides_of(results, match)) {
        auto& contender = contenders.emplace_back(rating::Contender{.players = {}, .rank = side.rank});
        for (const auto& player : side.players) {
            ratings.push_back(rating_or_newcomer(known, player, match.queue, model));
            contender.players.push_back(ratings.back().standing);
        }
    }
    auto next = ratings.begin();
    for (const auto& side : rating::after_match(model, contenders)) {
        for (const auto& standing : side) {
            next->standing = standing;
            ++next->matches;
            ++next;
        }
    }
    return ratings;
}

}  // namespace gk::app
