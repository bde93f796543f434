#pragma once

#include <vector>

#include "app/match/tickets.hpp"
#include "base/decode.hpp"
#include "domain/match/ticket.hpp"

// Request bodies of the ticket routes. Unknown members are errors.
namespace gk::app {

// {players: [...], queues: [...], priority?}, or for one player who wants nothing special {player: ID, queue: NAME}.
bool decode(const Value& value, const std::string& pointer, Errors& errors, JoinOrder& out);

}  // namespace gk::app
namespace gk::api {

// {players: [...]}
struct ChangeBody {
    std::vector<gk::match::Player> players;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, ChangeBody& out);

// For decode() above, which is found where the order is.
bool read_join(const Value& value, const std::string& pointer, Errors& errors, app::JoinOrder& out);

}  // namespace gk::api
