#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite/connection.hpp"
#include "domain/match/step.hpp"
#include "ports/match_store.hpp"

// How tickets, matches and their events are rows: read and written one at a time, inside a transaction of the caller. Nothing here decides.
namespace gk::sqlite {

struct StoredTicket {
    std::int64_t number = 0;  // Of the row.
    match::Ticket ticket;
    Time seen_at{};
};

struct StoredMatch {
    std::int64_t number = 0;
    match::Match match;
};

// The columns of match_tickets that read_ticket() reads, in its order.
#define GK_TICKET_COLUMNS "number, id, tenant, state, joined_at, expires_at, seen_at, priority, put_back, match, reason, queues, players"

// The column of players; `what` names the row for a person.
Result<std::vector<match::Player>, StoreError> read_players(std::string_view what, std::string_view text);
// The document of a match.
Result<match::Match, StoreError> read_match(std::string_view what, std::string_view text);
Result<StoredTicket, StoreError> read_ticket(const Rows& row);
Result<std::vector<match::Ticket>, StoreError> read_tickets(Rows rows);
Result<std::optional<StoredTicket>, StoreError> find_ticket(Connection& db, TicketId id);
// `not_found` when there is none.
Result<StoredTicket, StoreError> get_ticket(Connection& db, TicketId id);
// The newest of a player.
Result<std::optional<StoredTicket>, StoreError> find_ticket_of(Connection& db, std::string_view tenant, std::string_view player);
// Nothing when one with this id is there.
Result<std::optional<StoredTicket>, StoreError> add_ticket(Connection& db, const match::Ticket& ticket);
// State, match, reason, number of times put back, when seen; its players wait and play until it is over.
Result<Success, StoreError> set_state(Connection& db, const StoredTicket& stored);
Result<Success, StoreError> end_ticket(Connection& db, const StoredTicket& stored, Time now);
Result<Success, StoreError> set_players(Connection& db, const StoredTicket& stored);

Result<std::optional<StoredMatch>, StoreError> find_match(Connection& db, MatchId id);
Result<StoredMatch, StoreError> get_match(Connection& db, MatchId id);
Result<StoredMatch, StoreError> add_match(Connection& db, const match::Match& match);
Result<Success, StoreError> set_match(Connection& db, const StoredMatch& stored);
// From now on its players play nowhere.
Result<Success, StoreError> end_match(Connection& db, const StoredMatch& stored, Time now);
// Whether this player plays somewhere.
Result<bool, StoreError> is_playing(Connection& db, std::string_view tenant, std::string_view player);
Result<Success, StoreError> add_player(Connection& db, const StoredMatch& stored, std::string_view player);
// Neither waits nor plays any more, although ticket and match go on.
Result<Success, StoreError> release_player(Connection& db, const StoredMatch& stored, const StoredTicket& ticket, std::string_view player);

Result<Success, StoreError> add_event(Connection& db, const StoredTicket& about, Time at, std::string_view what, std::string_view detail = {});

}  // namespace gk::sqlite
