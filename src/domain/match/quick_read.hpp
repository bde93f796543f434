#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/match/ticket.hpp"

namespace gk::match {

// Reads the JSON that list_of() in codec.hpp writes for players and names, without building a tree of values: a restart reads a million of them.
// None for anything else (escapes, other languages' letters, members of newer versions, damage): then the general reader has to look.
std::optional<std::vector<Player>> quick_players(std::string_view json);
std::optional<std::vector<std::string>> quick_names(std::string_view json);

}  // namespace gk::match
