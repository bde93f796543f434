#include "adapters/sqlite/match_changes.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "adapters/sqlite/document.hpp"
#include "adapters/sqlite/facts.hpp"
#include "adapters/sqlite/match_rows.hpp"
#include "domain/match/step.hpp"
#include "ports/match_codec.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;
using match::TicketState;
using JoinOutcome = MatchStore::Joined::Outcome;
using LeaveOutcome = MatchStore::Left::Outcome;

constexpr const char* matchmaker = "matchmaker";

// The live ticket of the first player who has one.
Result<std::optional<StoredTicket>, StoreError> live_ticket(Connection& db, const match::Ticket& ticket) {
    for (const auto& player : ticket.players) {
        auto rows = db.query("SELECT " GK_TICKET_COLUMNS
                             " FROM match_tickets WHERE number = "
                             "(SELECT ticket FROM match_ticket_players WHERE tenant = ?1 AND player = ?2 AND live = 1)",
                             ticket.tenant, player.id);
        TRY(found, rows.next());
        if (!found) continue;
        TRY(stored, read_ticket(rows));
        return std::optional(std::move(stored));
    }
    return std::nullopt;
}

// Why these members cannot be matched: their tickets, each once.
Result<std::vector<TicketId>, StoreError> unmatchable(Connection& db, const match::Match& proposed, const std::vector<match::Member>& members) {
    std::vector<TicketId> gone;
    for (const auto& member : members) {
        if (std::ranges::find(gone, member.ticket) != gone.end()) continue;
        TRY(ticket, find_ticket(db, member.ticket));
        TRY(plays, is_playing(db, proposed.tenant, member.player));
        if (!ticket || ticket->ticket.state != TicketState::queued || plays) gone.push_back(member.ticket);
    }
    return gone;
}

Result<Success, StoreError> claim(Connection& db, const StoredMatch& match, const std::vector<match::Member>& members, Time now) {
    for (const auto& member : members) {
        TRY_OK(add_player(db, match, member.player));
        TRY(stored, get_ticket(db, member.ticket));
        if (stored.ticket.state == TicketState::matched) continue;  // With an earlier member of the same party.
        stored.ticket.state = TicketState::matched;
        stored.ticket.match = match.match.id;
        stored.ticket.reason.clear();
        TRY_OK(set_state(db, stored));
        TRY_OK(add_event(db, stored, now, "claimed"));
    }
    return Success{};
}

Result<MatchStore::Committed, StoreError> commit_one(Connection& db, const match::Match& proposed) {
    TRY(known, find_match(db, proposed.id));
    const auto members = match::new_members(known ? &known->match : nullptr, proposed);
    if (known && members.empty()) return MatchStore::Committed{.is_committed = true, .gone = {}};
    TRY(gone, unmatchable(db, proposed, members));
    if (!gone.empty() || (known && !match::may_take(known->match, members.size())))
        return MatchStore::Committed{.is_committed = false, .gone = std::move(gone)};
    if (known) {
        known->match = match::with_members_of(std::move(known->match), proposed);
        TRY_OK(set_match(db, *known));
    } else {
        TRY(added, add_match(db, proposed));
        known = std::move(added);
    }
    TRY_OK(claim(db, *known, members, proposed.claimed_at));
    return MatchStore::Committed{.is_committed = true, .gone = {}};
}

Result<Success, StoreError> follow(Connection& db, const match::TicketStep& it, Time now) {
    TRY(stored, find_ticket(db, it.ticket));
    if (!stored) return Success{};
    TRY_OK(add_event(db, *stored, now, it.what, it.detail));
    if (it.state == TicketState::matched) return Success{};
    stored->ticket.state = it.state;
    stored->ticket.reason = it.reason;
    if (is_over(it.state)) return end_ticket(db, *stored, now);
    stored->ticket.match.reset();
    ++stored->ticket.put_back;
    stored->seen_at = now;
    return set_state(db, *stored);
}

Result<Success, StoreError> release(Connection& db, const StoredMatch& match, const match::Member& member) {
    TRY(ticket, find_ticket(db, member.ticket));
    if (!ticket) return Success{};
    return release_player(db, match, *ticket, member.player);
}

Result<Success, StoreError> expire_one(Connection& db, StoredTicket& stored, const Expiry& expiry) {
    stored.ticket.state = TicketState::expired;
    stored.ticket.reason = expiry.reason;
    TRY_OK(end_ticket(db, stored, expiry.now));
    return add_event(db, stored, expiry.now, "expired", expiry.reason);
}

Result<Success, StoreError> remove_ticket(Connection& db, const StoredTicket& stored) {
    for (const auto& player : stored.ticket.players) {
        TRY_OK(db.change("DELETE FROM match_ticket_players WHERE tenant = ?1 AND player = ?2 AND ticket = ?3", stored.ticket.tenant, player.id,
                         stored.number));
    }
    TRY_OK(db.change("DELETE FROM match_events WHERE ticket = ?1", stored.number));
    TRY_OK(db.change("DELETE FROM match_tickets WHERE number = ?1", stored.number));
    return Success{};
}

Result<Success, StoreError> remove_match(Connection& db, const StoredMatch& stored) {
    for (const auto& member : stored.match.members) {
        TRY_OK(db.change("DELETE FROM match_players WHERE tenant = ?1 AND player = ?2 AND match = ?3", stored.match.tenant, member.player,
                         stored.number));
    }
    TRY_OK(db.change("DELETE FROM matches WHERE number = ?1", stored.number));
    return Success{};
}

Result<std::optional<PlayerRating>, StoreError> find_rating(Connection& db, const std::string& queue, const std::string& player) {
    auto rows = db.query("SELECT document FROM match_ratings WHERE queue = ?1 AND player = ?2", queue, player);
    TRY(found, rows.next());
    if (!found) return std::nullopt;
    TRY(rating, read_document<PlayerRating>("a row of match_ratings", rows.text(0)));
    return std::optional(std::move(rating));
}

template <class IdType>
Result<std::vector<IdType>, StoreError> read_ids(Rows rows) {
    std::vector<IdType> ids;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return ids;
        if (const auto id = IdType::parse(rows.text(0))) ids.push_back(*id);
    }
}

}  // namespace

Result<MatchStore::Joined, StoreError> join_now(Connection& db, const match::Ticket& ticket) {
    TRY(live, live_ticket(db, ticket));
    if (live) {
        const auto same = match::have_same_players(live->ticket, ticket) ? JoinOutcome::same : JoinOutcome::taken;
        return MatchStore::Joined{.outcome = live->ticket.id == ticket.id ? JoinOutcome::created : same, .ticket = std::move(live->ticket)};
    }
    TRY(added, add_ticket(db, ticket));
    if (!added) {
        // It joined before, and is over by now.
        TRY(stored, get_ticket(db, ticket.id));
        return MatchStore::Joined{.outcome = JoinOutcome::created, .ticket = std::move(stored.ticket)};
    }
    TRY_OK(add_event(db, *added, ticket.joined_at, "queued"));
    return MatchStore::Joined{.outcome = JoinOutcome::created, .ticket = std::move(added->ticket)};
}

Result<MatchStore::Left, StoreError> cancel_now(Connection& db, TicketId id, Time now) {
    TRY(stored, get_ticket(db, id));
    if (stored.ticket.state == TicketState::queued) {
        stored.ticket.state = TicketState::cancelled;
        stored.ticket.reason = "cancelled";
        TRY_OK(end_ticket(db, stored, now));
        TRY_OK(add_event(db, stored, now, "cancelled"));
    }
    auto outcome = LeaveOutcome::over;
    if (stored.ticket.state == TicketState::cancelled) outcome = LeaveOutcome::cancelled;
    if (stored.ticket.state == TicketState::matched) outcome = LeaveOutcome::too_late;
    return MatchStore::Left{.outcome = outcome, .ticket = std::move(stored.ticket)};
}

Result<match::Ticket, StoreError> change_now(Connection& db, TicketId id, const std::vector<match::Player>& players, Time now) {
    TRY(stored, get_ticket(db, id));
    auto changed = match::changed(stored.ticket, players);
    if (!changed) return std::unexpected(StoreError{Kind::conflict, changed.error()});
    if (*changed == stored.ticket) return std::move(*changed);
    stored.ticket = std::move(*changed);
    TRY_OK(set_players(db, stored));
    TRY_OK(add_event(db, stored, now, "changed"));
    return std::move(stored.ticket);
}

Result<std::vector<MatchStore::Committed>, StoreError> commit_now(Connection& db, const std::vector<match::Match>& matches, Epoch by) {
    TRY_OK(check_epoch(db, matchmaker, by));
    std::vector<MatchStore::Committed> answers;
    for (auto proposed : matches) {
        proposed.epoch = by;
        TRY(answer, commit_one(db, proposed));
        answers.push_back(std::move(answer));
    }
    return answers;
}

Result<Success, StoreError> advance_now(Connection& db, const match::Match& match, const std::vector<TicketId>& put_back, Time now, WrittenBy by) {
    TRY_OK(check_epoch(db, matchmaker, by));
    TRY(stored, get_match(db, match.id));
    auto step = match::step(stored.match, match, put_back);
    if (!step) return std::unexpected(StoreError{Kind::conflict, step.error()});
    if (step->match == stored.match) return Success{};
    stored.match = step->match;
    TRY_OK(set_match(db, stored));
    for (const auto& member : step->left) TRY_OK(release(db, stored, member));
    for (const auto& it : step->tickets) TRY_OK(follow(db, it, now));
    if (is_over(stored.match.state)) TRY_OK(end_match(db, stored, now));
    return Success{};
}

Result<std::vector<TicketId>, StoreError> expire_now(Connection& db, const Expiry& expiry) {
    TRY_OK(check_epoch(db, matchmaker, expiry.by));
    std::vector<TicketId> expired;
    for (const auto id : expiry.tickets) {
        TRY(stored, find_ticket(db, id));
        if (!stored) continue;
        const bool is_seen = expiry.unless_seen_since && stored->seen_at >= *expiry.unless_seen_since;
        if (stored->ticket.state == TicketState::queued && !is_seen) TRY_OK(expire_one(db, *stored, expiry));
        if (stored->ticket.state == TicketState::expired) expired.push_back(id);
    }
    return expired;
}

Result<Success, StoreError> touch_now(Connection& db, const std::vector<TicketId>& tickets, Time now) {
    for (const auto id : tickets) TRY_OK(db.change("UPDATE match_tickets SET seen_at = max(seen_at, ?2) WHERE id = ?1", id.text(), now));
    return Success{};
}

Result<std::vector<PlayerRating>, StoreError> ratings_now(Connection& db, const std::string& queue, const std::vector<std::string>& players) {
    std::vector<PlayerRating> found;
    for (const auto& player : players) {
        TRY(known, find_rating(db, queue, player));
        if (known) found.push_back(std::move(*known));
    }
    return found;
}

Result<bool, StoreError> rate_now(Connection& db, MatchId match, const std::vector<PlayerRating>& ratings, WrittenBy by) {
    TRY_OK(check_epoch(db, matchmaker, by));
    TRY(stored, get_match(db, match));
    TRY(is_first, db.change("UPDATE matches SET rated = 1 WHERE number = ?1 AND rated = 0", stored.number));
    if (is_first == 0) return false;
    for (const auto& rating : ratings) {
        TRY(known, find_rating(db, rating.queue, rating.player));
        if ((known ? known->matches : 0) + 1 != rating.matches)
            return std::unexpected(StoreError{Kind::conflict, fmt::format("player {} was rated meanwhile", rating.player)});
        TRY_OK(db.change("INSERT INTO match_ratings (queue, player, document) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET document = ?3",
                         rating.queue, rating.player, to_json(to_value(rating))));
    }
    return true;
}

Result<std::size_t, StoreError> prune_now(Connection& db, Time over_before, std::size_t limit) {
    const auto most = static_cast<std::int64_t>(std::min<std::size_t>(limit, 1u << 20));
    TRY(tickets, read_ids<TicketId>(db.query("SELECT id FROM match_tickets WHERE over_at < ?1 ORDER BY over_at LIMIT ?2", over_before, most)));
    for (const auto id : tickets) {
        TRY(stored, get_ticket(db, id));
        TRY_OK(remove_ticket(db, stored));
    }
    TRY(matches, read_ids<MatchId>(db.query("SELECT id FROM matches WHERE over_at < ?1 ORDER BY over_at LIMIT ?2", over_before, most)));
    for (const auto id : matches) {
        TRY(stored, get_match(db, id));
        TRY_OK(remove_match(db, stored));
    }
    return tickets.size() + matches.size();
}

Result<Epoch, StoreError> next_match_epoch_now(Connection& db) { return raise_epoch(db, matchmaker); }
Result<Success, StoreError> check_match_epoch(Connection& db, WrittenBy by) { return check_epoch(db, matchmaker, by); }

}  // namespace gk::sqlite
