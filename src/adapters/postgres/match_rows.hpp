#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/postgres/rows.hpp"
#include "domain/match/match.hpp"
#include "domain/match/ticket.hpp"
#include "ports/match_store.hpp"

// How tickets, matches and events are rows, and how lists are the values of statements.
namespace gk::postgres {

// The columns of match_tickets that read_ticket() reads, in its order.
#define GK_TICKET_COLUMNS "id, tenant, state, joined_at, expires_at, priority, put_back, match, reason, queues, players"

Result<match::Ticket, StoreError> read_ticket(const Rows& rows, int row);
Result<std::vector<match::Ticket>, StoreError> read_tickets(const Rows& rows);
// The document of a match; `what` names the row for a person.
Result<match::Match, StoreError> read_match(std::string_view what, std::string_view text);
// Rows of id and document.
Result<std::vector<match::Match>, StoreError> read_matches(const Rows& rows);
// Rows of number, at, ticket, players, match, what, detail.
Result<std::vector<MatchEvent>, StoreError> read_events(const Rows& rows);
// The text of uuid[].
Result<std::vector<TicketId>, StoreError> read_ticket_ids(std::string_view text);

// As PostgreSQL writes an array: {"a","b"}.
std::string array_text(std::span<const std::string> items);
std::string array_text(std::span<const TicketId> ids);
// The values of match_join().
std::vector<std::string> values_of(const match::Ticket& ticket);

}  // namespace gk::postgres
