#pragma once

#include <optional>
#include <string>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"

namespace gk::app {

// Who asks about matches: a key's owner, or one player with the token that it was given when it joined.
struct Visitor {
    Caller caller;
    std::optional<std::string> player;
};

bool is_operator(const Visitor& visitor);
bool may_read_all(const Visitor& visitor);

// Whether this is a player of it. Who has left a match is none any more.
bool is_on(const match::Ticket& ticket, const Visitor& visitor);
bool is_in(const match::Match& match, const Visitor& visitor);

Error not_yours(std::string what);

}  // namespace gk::app
