#pragma once

#include <optional>
#include <string>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"

namespace gk::app {

// Who asks about matches: a key's owner, one player with the token that it was given when it joined, or the server of a match.
struct Visitor {
    Caller caller;
    std::optional<std::string> player;
    bool is_hearsay = false;          // Nobody has shown that it is this player: it was only named.
    std::optional<MatchId> server{};  // Of this match.
};

bool is_operator(const Visitor& visitor);
bool may_read_all(const Visitor& visitor);
// Who may say what is so of a match: its server, and operators.
bool speaks_for(const match::Match& match, const Visitor& visitor);

// Whether its asking for a ticket says that who waits is still there: a player's, or its backend's. Who may only read looks on.
bool is_sign_of_life(const Visitor& visitor);

// Whether this is a player of it. Who has left a match is none any more.
bool is_on(const match::Ticket& ticket, const Visitor& visitor);
bool is_in(const match::Match& match, const Visitor& visitor);

Error not_yours(std::string what);

}  // namespace gk::app
