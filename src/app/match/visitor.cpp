#include "app/match/visitor.hpp"

#include <algorithm>
#include <utility>

namespace gk::app {

bool is_operator(const Visitor& visitor) { return may_read_all(visitor) && !visitor.caller.only_reads; }
bool may_read_all(const Visitor& visitor) { return !visitor.player && !visitor.server && visitor.caller.scope == Scope::admin; }
bool speaks_for(const match::Match& match, const Visitor& visitor) { return visitor.server == match.id || is_operator(visitor); }

bool is_sign_of_life(const Visitor& visitor) { return visitor.player || is_operator(visitor); }

bool is_on(const match::Ticket& ticket, const Visitor& visitor) {
    return std::ranges::any_of(ticket.players, [&](const match::Player& player) { return player.id == visitor.player; });
}

bool is_in(const match::Match& match, const Visitor& visitor) {
    return std::ranges::any_of(match.members, [&](const match::Member& member) { return member.player == visitor.player && !member.left_at; });
}

Error not_yours(std::string what) { return {.kind = Error::Kind::forbidden, .code = "not_a_member", .message = std::move(what)}; }

}  // namespace gk::app
