#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "ports/task.hpp"
#include "programs/load/connections.hpp"
#include "programs/load/options.hpp"
#include "programs/load/tally.hpp"

namespace gk::programs {

// Where a player's match is.
struct Assignment {
    std::string session;
    std::string host;
    std::uint16_t port = 0;
    std::string join_token;  // For the match server; empty when it asks for none.
};

// What the front knows a player by, once it has joined.
struct Place {
    std::string player;
    std::string ticket;   // Of /v1.
    std::string state;    // As it was seen last, of /v1.
    std::string bearer;   // "player_token": says that it is this player; empty where nobody asks.
    std::optional<Assignment> assignment;  // When it came with the answer.
};

// What players say to the matchmaker over HTTP.
class Front {
public:
    virtual ~Front() = default;
    template <class T>
    using Answer = Task<Result<T, LoadError>>;

    virtual Answer<Place> join(std::string player) = 0;
    // Nothing: it waits still. With LoadWait::hold the answer may take half a minute.
    virtual Answer<std::optional<Assignment>> look(Place& place) = 0;
    virtual Answer<Success> end(Place place, std::string session) = 0;
};

// The routes of the original: /api/match/join, /api/match/status, /api/match/{session}/end.
std::unique_ptr<Front> make_original_front(Connections& connections, LoadWait wait, Secret key);
// /v1/tickets, /v1/matches/{id}/end.
std::unique_ptr<Front> make_v1_front(Connections& connections, LoadWait wait, Secret key, std::string queue);

}  // namespace gk::programs
