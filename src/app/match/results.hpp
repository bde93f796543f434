#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/decode.hpp"
#include "domain/match/match.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// How a match has ended: the rank of each of its teams, or of single players. The smallest has won; equal ones are a draw.
struct MatchResults {
    std::map<std::string, std::uint32_t> teams;
    std::map<std::string, std::uint32_t> players;
};

// Why they cannot be those of this match; pointers below `pointer`.
std::vector<FieldError> wrong_with(const MatchResults& results, const match::Match& match, const std::string& pointer);

// That of the player among `known`, by this model; one by another model counts as none.
PlayerRating rating_or_newcomer(const std::vector<PlayerRating>& known, const std::string& player, const std::string& queue, rating::Model model);

// Whom they rate. Of a team those who have not left; who is named alone counts although it has.
std::vector<std::string> players_of(const MatchResults& results, const match::Match& match);

// Their ratings after the match; `known` are those that are stored.
std::vector<PlayerRating> rated(const MatchResults& results, const match::Match& match, rating::Model model, const std::vector<PlayerRating>& known);

}  // namespace gk::app
