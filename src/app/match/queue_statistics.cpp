#include "app/match/queue_statistics.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/match/step.hpp"

namespace gk::app {
namespace {

constexpr Milliseconds longest = std::chrono::hours(1);

using Joined = std::unordered_map<TicketId, Time>;

// When the tickets of these matches were made; of those that are not kept any more nothing is known.
Task<Result<Joined, Error>> joined_at(MatchStore& store, const std::vector<match::Match>& matches) {
    std::vector<TicketId> ids;
    for (const auto& match : matches) {
        for (const auto ticket : match::tickets_of(match)) ids.push_back(ticket);
    }
    auto tickets = co_await store.tickets(std::move(ids));
    if (!tickets) co_return std::unexpected(from(tickets.error()));
    Joined out;
    for (const auto& ticket : *tickets) out.emplace(ticket.id, ticket.joined_at);
    co_return out;
}

// The least that so large a part of them does not exceed.
std::optional<Milliseconds> percentile(std::vector<Milliseconds>& waits, std::size_t of_hundred) {
    if (waits.empty()) return std::nullopt;
    const auto at = waits.begin() + static_cast<std::ptrdiff_t>((waits.size() * of_hundred + 99) / 100 - 1);
    std::ranges::nth_element(waits, at);
    return *at;
}

QueueStatistics::Window window_of(const std::vector<match::Match>& matches, const Joined& joined, Time since) {
    QueueStatistics::Window out{.since = since, .failed = {}, .wait_p50 = {}, .wait_p95 = {}};
    std::vector<Milliseconds> waits;
    for (const auto& match : matches) {
        if (match.claimed_at < since) continue;
        ++out.made;
        if (!match::is_over(match.state)) ++out.live;
        if (match.state == match::MatchState::failed) ++out.failed[match.end_reason];
        for (const auto ticket : match::tickets_of(match)) {
            const auto at = joined.find(ticket);
            // Who has come into it later waited for nothing of this.
            if (at != joined.end() && at->second <= match.claimed_at) waits.push_back(match.claimed_at - at->second);
        }
    }
    out.wait_p50 = percentile(waits, 50);
    out.wait_p95 = percentile(waits, 95);
    return out;
}

}  // namespace

Task<Result<QueueStatistics, Error>> statistics_of(MatchStore& store, std::string tenant, std::string queue, Time now) {
    MatchStore::MatchFilter filter{.tenant = std::move(tenant), .player = {}, .queue = std::move(queue), .limit = counted_most, .after = {}};
    auto matches = co_await store.matches(std::move(filter));
    if (!matches) co_return std::unexpected(from(matches.error()));
    const bool is_cut = matches->size() == counted_most && matches->back().claimed_at > now - longest;
    const auto since = is_cut ? matches->back().claimed_at : now - longest;
    std::erase_if(*matches, [&](const match::Match& match) { return match.claimed_at < since; });
    CO_TRY(joined, co_await joined_at(store, *matches));
    co_return QueueStatistics{.five_minutes = window_of(*matches, joined, std::max(since, now - std::chrono::minutes(5))),
                              .hour = window_of(*matches, joined, since)};
}

}  // namespace gk::app
