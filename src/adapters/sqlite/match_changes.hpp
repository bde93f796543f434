#pragma once

#include <string>
#include <vector>

#include "adapters/sqlite/connection.hpp"
#include "ports/match_store.hpp"

// What the changes of a MatchStore do inside their transaction: look, decide, write, tell.
namespace gk::sqlite {

Result<MatchStore::Joined, StoreError> join_now(Connection& db, const match::Ticket& ticket);
Result<MatchStore::Left, StoreError> cancel_now(Connection& db, TicketId id, Time now);
Result<match::Ticket, StoreError> change_now(Connection& db, TicketId id, const std::vector<match::Player>& players, Time now);
Result<std::vector<MatchStore::Committed>, StoreError> commit_now(Connection& db, const std::vector<match::Match>& matches, Epoch by);
Result<Success, StoreError> advance_now(Connection& db, const match::Match& match, const std::vector<TicketId>& put_back, Time now, WrittenBy by);

struct Expiry {
    std::vector<TicketId> tickets;
    std::string reason;
    std::optional<Time> unless_seen_since;
    Time now{};
    Epoch by{};
};
Result<std::vector<TicketId>, StoreError> expire_now(Connection& db, const Expiry& expiry);
Result<Success, StoreError> touch_now(Connection& db, const std::vector<TicketId>& tickets, Time now);
Result<std::vector<PlayerRating>, StoreError> ratings_now(Connection& db, const std::string& queue, const std::vector<std::string>& players);
Result<bool, StoreError> rate_now(Connection& db, MatchId match, const std::vector<PlayerRating>& ratings, WrittenBy by);
Result<std::size_t, StoreError> prune_now(Connection& db, Time over_before, std::size_t limit);
Result<Epoch, StoreError> next_match_epoch_now(Connection& db);

// `fenced` when a newer matchmaker is at work. In the transaction of the write that follows.
Result<Success, StoreError> check_match_epoch(Connection& db, WrittenBy by);

}  // namespace gk::sqlite
