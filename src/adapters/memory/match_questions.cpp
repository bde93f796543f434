#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "adapters/memory/match_store.hpp"

// What a MemoryMatchStore is asked.
namespace gk::memory {
namespace {

using Kind = StoreError::Kind;
using match::TicketState;

StoreError no_ticket(TicketId id) { return {Kind::not_found, fmt::format("there is no ticket {}", id.text())}; }
StoreError no_match(MatchId id) { return {Kind::not_found, fmt::format("there is no match {}", id.text())}; }

auto place_of(const match::Ticket& ticket) { return std::pair(ticket.joined_at, ticket.id); }

}  // namespace

MatchStore::Answer<Success> MemoryMatchStore::put(QueueRecord queue) {
    auto name = queue.name;
    state_->queues[std::move(name)] = std::move(queue);
    for (auto* watchers : state_->queue_watchers) watchers->notify();
    co_return Success{};
}

MatchStore::Answer<Success> MemoryMatchStore::remove_queue(std::string name) {
    state_->queues.erase(name);
    for (auto* watchers : state_->queue_watchers) watchers->notify();
    co_return Success{};
}

MatchStore::Answer<std::vector<QueueRecord>> MemoryMatchStore::queues() {
    std::vector<QueueRecord> all;
    for (const auto& [name, queue] : state_->queues) all.push_back(queue);
    co_return all;
}

Result<MemoryMatchStore::StoredTicket*, StoreError> MemoryMatchStore::find(TicketId id) {
    const auto found = state_->tickets.find(id);
    if (found == state_->tickets.end()) return std::unexpected(no_ticket(id));
    return &found->second;
}

MatchStore::Answer<match::Ticket> MemoryMatchStore::ticket(TicketId id) {
    CO_TRY(stored, find(id));
    co_return stored->ticket;
}

MatchStore::Answer<std::vector<match::Ticket>> MemoryMatchStore::tickets(std::vector<TicketId> ids) {
    std::vector<match::Ticket> found;
    for (const auto id : ids) {
        if (const auto stored = state_->tickets.find(id); stored != state_->tickets.end()) found.push_back(stored->second.ticket);
    }
    co_return found;
}

MatchStore::Answer<match::Ticket> MemoryMatchStore::ticket_of(std::string tenant, std::string player) {
    const auto newest = state_->newest_tickets.find({std::move(tenant), player});
    if (newest == state_->newest_tickets.end()) {
        co_return std::unexpected(StoreError{Kind::not_found, fmt::format("player {} has no ticket", player)});
    }
    co_return state_->tickets.at(newest->second).ticket;
}

MatchStore::Answer<match::Match> MemoryMatchStore::match(MatchId id) {
    const auto found = state_->matches.find(id);
    if (found == state_->matches.end()) co_return std::unexpected(no_match(id));
    co_return found->second.match;
}

MatchStore::Answer<std::vector<match::Match>> MemoryMatchStore::matches(MatchFilter filter) {
    auto before = std::numeric_limits<std::uint64_t>::max();
    if (filter.after) {
        const auto last = state_->matches.find(*filter.after);
        if (last == state_->matches.end()) co_return std::unexpected(no_match(*filter.after));
        before = last->second.order;
    }
    const auto plays = [&](const match::Member& member) { return member.player == *filter.player; };
    std::vector<const MatchState::StoredMatch*> found;
    for (const auto& [id, stored] : state_->matches) {
        if (stored.order >= before || (!filter.tenant.empty() && stored.match.tenant != filter.tenant)) continue;
        if (filter.live_only && is_over(stored.match.state)) continue;
        if (filter.queue && stored.match.queue != *filter.queue) continue;
        if (!filter.player || std::ranges::any_of(stored.match.members, plays)) found.push_back(&stored);
    }
    std::ranges::sort(found, std::greater(), [](const auto* stored) { return stored->order; });
    if (found.size() > filter.limit) found.resize(filter.limit);
    std::vector<match::Match> page;
    for (const auto* stored : found) page.push_back(stored->match);
    co_return page;
}

MatchStore::Answer<std::vector<match::Ticket>> MemoryMatchStore::waiting(std::optional<TicketId> after, std::size_t limit) {
    std::optional<std::pair<Time, TicketId>> last;
    if (after) {
        CO_TRY(stored, find(*after));
        last = place_of(stored->ticket);
    }
    std::vector<match::Ticket> page;
    for (const auto& [id, stored] : state_->tickets) {
        if (stored.ticket.state == TicketState::queued && (!last || place_of(stored.ticket) > *last)) page.push_back(stored.ticket);
    }
    std::ranges::sort(page, {}, place_of);
    if (page.size() > limit) page.resize(limit);
    co_return page;
}

MatchStore::Answer<std::vector<MatchEvent>> MemoryMatchStore::events(EventFilter filter) {
    std::vector<MatchEvent> page;
    for (auto at = std::ranges::upper_bound(state_->events, filter.after, {}, &MatchEvent::number); at != state_->events.end(); ++at) {
        if (page.size() >= filter.limit) break;
        if (filter.ticket && at->ticket != *filter.ticket) continue;
        if (filter.player && std::ranges::find(at->players, *filter.player) == at->players.end()) continue;
        if (filter.player && state_->tickets.at(at->ticket).ticket.tenant != filter.tenant) continue;
        page.push_back(*at);
    }
    co_return page;
}

MatchStore::Answer<std::vector<PlayerRating>> MemoryMatchStore::ratings(std::string queue, std::vector<std::string> players) {
    std::vector<PlayerRating> found;
    for (const auto& player : players) {
        if (const auto known = state_->ratings.find({queue, player}); known != state_->ratings.end()) found.push_back(known->second);
    }
    co_return found;
}

}  // namespace gk::memory
