#pragma once

#include <optional>
#include <string>

#include "domain/server/record.hpp"

namespace gk::front {

// How a player's knock became a game that he plays, for people: "Trace 019ab5cf2d8000ab: first packet 12:00:00.120, asked 12:00:00.130, ready
// 12:00:00.610, first byte relayed 12:00:00.650 (UTC)." As far as it has got. `relayed`: when an edge first passed on what a player said after that.
// nullopt when it was not a knock that started the server last.
std::optional<std::string> wake_story(const server::Record& record, std::optional<Time> relayed);

}  // namespace gk::front
