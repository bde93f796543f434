#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"

namespace gk::match {

// What becomes of one ticket when its match takes a step.
struct TicketStep {
    TicketId ticket;
    TicketState state = TicketState::matched;  // `queued`: it waits again.
    std::string reason;
    // The word of its event: "accepting", "accepted", "declined", "placing", "assigned", "ended", "failed", "put_back"; "cancelled" and "expired" for
    // who did not accept; "open" when the match begins or ceases to take others in; "left" when the ticket goes on without one player. Of an answer
    // and of who left, the detail is the player.
    std::string_view what;
    std::string detail;
    bool operator==(const TicketStep&) const = default;
};

struct Step {
    Match match;  // To be stored.
    std::vector<TicketStep> tickets;
    std::vector<Member> left;  // Who is free to join again, although match and ticket go on.
};

// What is stored when `stored` is to become `wanted`, and what comes of it for its tickets; the error says why it may not become this. Pure.
// Answers and leavers that `stored` knows and `wanted` does not are kept, and so are members: two who change a match at once lose neither. A ticket
// ends when all its players have left. Of those in `put_back`, a ticket of which somebody has left ends with the match that fails. Of a match that
// fails while players are asked, who has accepted waits again in any case, who has declined is cancelled, and who has said nothing is expired.
// Players of an assigned match are told where it is when it becomes so, and who comes in later when `wanted` says since when they know. Of those who
// came in later and were asked first, who leaves again is cancelled when somebody of its ticket has declined, and expired when its time was over; who
// has accepted without `wanted` knowing of it stays.
Result<Step, std::string> step(const Match& stored, Match wanted, std::span<const TicketId> put_back);

// Whether the same people stand behind both, in any order.
bool have_same_players(const Ticket& a, const Ticket& b);

// Those members of `proposed` that the stored match has not; all, when there is none.
std::vector<Member> new_members(const Match* stored, const Match& proposed);
// Whether it still takes so many in.
bool may_take(const Match& stored, std::size_t players);
// The stored match with them.
Match with_members_of(Match stored, const Match& proposed);

// A waiting ticket with what these of its players bring along now; the error says why it cannot be changed.
Result<Ticket, std::string> changed(Ticket ticket, std::span<const Player> players);

// The tickets of a match, each once, in the order of its members.
std::vector<TicketId> tickets_of(const Match& match);

}  // namespace gk::match
