#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// Reads the JSON that codec.hpp writes for players, names and a match, without building a tree of values: a restart reads a million players, and
// whoever plays asks for the match several times.
// None for anything else (escapes, other languages' letters, members of newer versions, damage): then the general reader has to look.
std::optional<std::vector<Player>> quick_players(std::string_view json);
std::optional<std::vector<std::string>> quick_names(std::string_view json);
std::optional<Match> quick_match(std::string_view json);

}  // namespace gk::match
