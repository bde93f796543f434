#include "adapters/memory/match_store.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::memory {
namespace {

using Kind = StoreError::Kind;
using match::TicketState;

StoreError fenced() { return {Kind::fenced, "a newer matchmaker is at work"}; }
StoreError rated_meanwhile(const std::string& player) { return {Kind::conflict, fmt::format("player {} was rated meanwhile", player)}; }
StoreError no_match(MatchId id) { return {Kind::not_found, fmt::format("there is no match {}", id.text())}; }

std::vector<std::string> players_of(const match::Ticket& ticket) {
    std::vector<std::string> players;
    for (const auto& player : ticket.players) players.push_back(player.id);
    return players;
}

// Unless the player is elsewhere by now.
template <class Map>
void forget(Map& live, const typename Map::key_type& player, const typename Map::mapped_type& id) {
    if (const auto found = live.find(player); found != live.end() && found->second == id) live.erase(found);
}

}  // namespace

void MemoryMatchStore::tell(const match::Ticket& ticket, Time at, std::string_view what, std::string detail) {
    state_->events.push_back({.number = ++state_->last_event,
                              .at = at,
                              .ticket = ticket.id,
                              .players = players_of(ticket),
                              .match = ticket.match,
                              .what = std::string(what),
                              .detail = std::move(detail)});
    for (auto* watchers : state_->replicas) watchers->notify();
}

std::optional<MatchStore::Joined> MemoryMatchStore::known(const match::Ticket& ticket) const {
    if (const auto same = state_->tickets.find(ticket.id); same != state_->tickets.end()) {
        return Joined{.outcome = Joined::Outcome::created, .ticket = same->second.ticket};
    }
    for (const auto& player : ticket.players) {
        const auto live = state_->live_tickets.find({ticket.tenant, player.id});
        if (live == state_->live_tickets.end()) continue;
        const auto& there = state_->tickets.at(live->second).ticket;
        const bool is_same = match::have_same_players(there, ticket);
        return Joined{.outcome = is_same ? Joined::Outcome::same : Joined::Outcome::taken, .ticket = there};
    }
    return std::nullopt;
}

MatchStore::Answer<MatchStore::Joined> MemoryMatchStore::join(match::Ticket ticket) {
    if (auto there = known(ticket)) co_return std::move(*there);
    for (const auto& player : ticket.players) {
        state_->live_tickets[{ticket.tenant, player.id}] = ticket.id;
        state_->newest_tickets[{ticket.tenant, player.id}] = ticket.id;
    }
    state_->tickets[ticket.id] = {.ticket = ticket, .order = ++state_->last_order, .seen_at = ticket.joined_at, .over_at = {}};
    tell(ticket, ticket.joined_at, "queued");
    co_return Joined{.outcome = Joined::Outcome::created, .ticket = std::move(ticket)};
}

void MemoryMatchStore::end(StoredTicket& stored, TicketState state, std::string reason, Time now) {
    stored.ticket.state = state;
    stored.ticket.reason = std::move(reason);
    stored.over_at = now;
    for (const auto& player : stored.ticket.players) forget(state_->live_tickets, {stored.ticket.tenant, player.id}, stored.ticket.id);
}

MatchStore::Answer<MatchStore::Left> MemoryMatchStore::cancel(TicketId id, Time now) {
    CO_TRY(stored, find(id));
    const auto& ticket = stored->ticket;
    if (ticket.state == TicketState::queued) {
        end(*stored, TicketState::cancelled, "cancelled", now);
        tell(ticket, now, "cancelled");
    }
    auto outcome = Left::Outcome::over;
    if (ticket.state == TicketState::cancelled) outcome = Left::Outcome::cancelled;
    if (ticket.state == TicketState::matched) outcome = Left::Outcome::too_late;
    co_return Left{.outcome = outcome, .ticket = ticket};
}

MatchStore::Answer<match::Ticket> MemoryMatchStore::change(TicketId id, std::vector<match::Player> players, Time now) {
    CO_TRY(stored, find(id));
    auto changed = match::changed(stored->ticket, players);
    if (!changed) co_return std::unexpected(StoreError{Kind::conflict, changed.error()});
    if (*changed == stored->ticket) co_return std::move(*changed);
    stored->ticket = std::move(*changed);
    tell(stored->ticket, now, "changed");
    co_return stored->ticket;
}

MatchStore::Answer<std::vector<MatchStore::Committed>> MemoryMatchStore::commit(std::vector<match::Match> matches, Epoch by) {
    if (by < state_->epoch) co_return std::unexpected(fenced());
    std::vector<Committed> answers;
    for (auto& match : matches) {
        match.epoch = by;
        answers.push_back(commit_one(match));
    }
    co_return answers;
}

MatchStore::Committed MemoryMatchStore::commit_one(const match::Match& proposed) {
    const auto there = state_->matches.find(proposed.id);
    const bool is_known = there != state_->matches.end();
    const auto members = match::new_members(is_known ? &there->second.match : nullptr, proposed);
    if (is_known && members.empty()) return {.is_committed = true, .gone = {}};
    Committed answer;
    for (const auto& member : members) {
        const auto ticket = state_->tickets.find(member.ticket);
        const bool waits = ticket != state_->tickets.end() && ticket->second.ticket.state == TicketState::queued;
        if (waits && !state_->live_matches.contains({proposed.tenant, member.player})) continue;
        if (std::ranges::find(answer.gone, member.ticket) == answer.gone.end()) answer.gone.push_back(member.ticket);
    }
    if (!answer.gone.empty() || (is_known && !match::may_take(there->second.match, members.size()))) return answer;
    claim(is_known ? match::with_members_of(there->second.match, proposed) : proposed, members, proposed.claimed_at);
    answer.is_committed = true;
    return answer;
}

// The tickets of these members belong to the match from now on.
void MemoryMatchStore::claim(const match::Match& match, const std::vector<match::Member>& members, Time now) {
    auto& stored = state_->matches[match.id];
    stored.match = match;
    if (stored.order == 0) stored.order = ++state_->last_order;
    for (const auto& member : members) {
        state_->live_matches[{match.tenant, member.player}] = match.id;
        auto& ticket = state_->tickets.at(member.ticket).ticket;
        if (ticket.state != TicketState::queued) continue;
        ticket.state = TicketState::matched;
        ticket.match = match.id;
        ticket.reason.clear();
        tell(ticket, now, "claimed");
    }
}

MatchStore::Answer<Success> MemoryMatchStore::advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) {
    if (by && *by < state_->epoch) co_return std::unexpected(fenced());
    const auto found = state_->matches.find(match.id);
    if (found == state_->matches.end()) co_return std::unexpected(no_match(match.id));
    auto step = match::step(found->second.match, std::move(match), put_back);
    if (!step) co_return std::unexpected(StoreError{Kind::conflict, step.error()});
    for (const auto& member : step->left) {
        state_->live_tickets.erase({step->match.tenant, member.player});
        state_->live_matches.erase({step->match.tenant, member.player});
    }
    for (const auto& it : step->tickets) follow(*step, it, now);
    if (is_over(step->match.state)) {
        for (const auto& member : step->match.members) forget(state_->live_matches, {step->match.tenant, member.player}, step->match.id);
        if (!found->second.over_at) found->second.over_at = now;
    }
    found->second.match = std::move(step->match);
    co_return Success{};
}

void MemoryMatchStore::follow(const match::Step& step, const match::TicketStep& it, Time now) {
    const auto found = state_->tickets.find(it.ticket);
    if (found == state_->tickets.end()) return;
    auto& stored = found->second;
    stored.ticket.match = step.match.id;
    if (is_over(it.state)) end(stored, it.state, it.reason, now);
    tell(stored.ticket, now, it.what, it.detail);
    if (it.state != TicketState::queued) return;
    stored.ticket.state = TicketState::queued;
    stored.ticket.match.reset();
    stored.ticket.reason = it.reason;
    ++stored.ticket.put_back;
    stored.seen_at = now;
}

MatchStore::Answer<std::vector<TicketId>> MemoryMatchStore::expire(std::vector<TicketId> tickets, std::string reason,
                                                                   std::optional<Time> unless_seen_since, Time now, Epoch by) {
    if (by < state_->epoch) co_return std::unexpected(fenced());
    std::vector<TicketId> expired;
    for (const auto id : tickets) {
        const auto found = state_->tickets.find(id);
        if (found == state_->tickets.end()) continue;
        auto& stored = found->second;
        const bool is_seen = unless_seen_since && stored.seen_at >= *unless_seen_since;
        if (stored.ticket.state == TicketState::queued && !is_seen) {
            end(stored, TicketState::expired, reason, now);
            tell(stored.ticket, now, "expired", reason);
        }
        if (stored.ticket.state == TicketState::expired) expired.push_back(id);
    }
    co_return expired;
}

MatchStore::Answer<Success> MemoryMatchStore::touch(std::vector<TicketId> tickets, Time now) {
    for (const auto id : tickets) {
        if (const auto found = state_->tickets.find(id); found != state_->tickets.end()) found->second.seen_at = std::max(found->second.seen_at, now);
    }
    co_return Success{};
}

MatchStore::Answer<bool> MemoryMatchStore::rate(MatchId id, std::vector<PlayerRating> ratings, WrittenBy by) {
    if (by && *by < state_->epoch) co_return std::unexpected(fenced());
    const auto found = state_->matches.find(id);
    if (found == state_->matches.end()) co_return std::unexpected(no_match(id));
    if (found->second.is_rated) co_return false;
    for (const auto& rating : ratings) {
        const auto known = state_->ratings.find({rating.queue, rating.player});
        const auto matches = known == state_->ratings.end() ? 0 : known->second.matches;
        if (matches + 1 != rating.matches) co_return std::unexpected(rated_meanwhile(rating.player));
    }
    found->second.is_rated = true;
    for (auto& rating : ratings) {
        auto key = std::pair(rating.queue, rating.player);
        state_->ratings[std::move(key)] = std::move(rating);
    }
    co_return true;
}

std::size_t MemoryMatchStore::prune_tickets(Time over_before, std::size_t limit) {
    std::set<TicketId> old;
    for (const auto& [id, stored] : state_->tickets) {
        if (old.size() < limit && stored.over_at && *stored.over_at < over_before) old.insert(id);
    }
    const auto is_old = [&](const auto& entry) { return old.contains(entry.first); };
    std::erase_if(state_->tickets, is_old);
    std::erase_if(state_->newest_tickets, [&](const auto& entry) { return old.contains(entry.second); });
    std::erase_if(state_->events, [&](const MatchEvent& event) { return old.contains(event.ticket); });
    return old.size();
}

std::size_t MemoryMatchStore::prune_matches(Time over_before, std::size_t limit) {
    std::size_t pruned = 0;
    return std::erase_if(state_->matches,
                         [&](const auto& entry) { return entry.second.over_at && *entry.second.over_at < over_before && pruned++ < limit; });
}

MatchStore::Answer<std::size_t> MemoryMatchStore::prune(Time over_before, std::size_t limit) {
    co_return prune_tickets(over_before, limit) + prune_matches(over_before, limit);
}

MatchStore::Answer<Epoch> MemoryMatchStore::next_epoch() {
    state_->epoch = static_cast<Epoch>(std::to_underlying(state_->epoch) + 1);
    co_return state_->epoch;
}

}  // namespace gk::memory
