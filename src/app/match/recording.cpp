#include "app/match/recording.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace gk::app {
namespace {

constexpr std::size_t at_once = 1'000;

template <class T>
using Answer = Task<Result<T, Error>>;

Answer<std::vector<MatchEvent>> events_after(MatchStore& store, std::uint64_t number, std::size_t limit) {
    MatchStore::EventFilter filter;
    filter.after = number;
    filter.limit = limit;
    auto events = co_await store.events(filter);
    if (!events) co_return std::unexpected(from(events.error()));
    co_return std::move(*events);
}

// The number behind which events are of that time or later: they are numbered as they happened.
Answer<std::uint64_t> number_before(MatchStore& store, Time since) {
    const auto last = co_await store.last_event();
    if (!last) co_return std::unexpected(from(last.error()));
    std::uint64_t before = 0;
    for (auto end = *last; before < end;) {
        const auto middle = before + (end - before) / 2;
        CO_TRY(next, co_await events_after(store, middle, 1));
        if (next.empty() || next.front().at >= since) end = middle;
        else before = next.front().number;
    }
    co_return before;
}

struct Heard {
    std::vector<TicketId> joined;
    std::unordered_map<TicketId, Time> cancelled;
};

Answer<Heard> hear(MatchStore& store, Time since) {
    Heard out;
    CO_TRY(number, co_await number_before(store, since));
    for (;;) {
        CO_TRY(events, co_await events_after(store, number, at_once));
        for (const auto& event : events) {
            if (event.what == "queued") out.joined.push_back(event.ticket);
            if (event.what == "cancelled") out.cancelled.emplace(event.ticket, event.at);
        }
        if (out.joined.size() > recorded_most) {
            co_return std::unexpected(
                Error{.kind = Error::Kind::unprocessable,
                      .code = "too_many",
                      .message = fmt::format("more than {} tickets have come since then: ask for a shorter time", recorded_most)});
        }
        if (events.size() < at_once) co_return out;
        number = events.back().number;
    }
}

// Gives every player another name, the same one each time.
class Names {
public:
    void hide(match::Player& player) {
        player.id = of(player.id);
        for (auto& other : player.blocked) other = of(other);
    }

private:
    std::string of(const std::string& name) { return known_.try_emplace(name, fmt::format("p{}", known_.size() + 1)).first->second; }
    std::map<std::string, std::string> known_;
};

match::Arrival arrival_of(const match::Ticket& ticket, const Heard& heard, Time since) {
    match::Arrival out;
    out.at = std::max(ticket.joined_at - since, Milliseconds(0));
    out.players = ticket.players;
    out.priority = ticket.priority;
    out.expires_after = ticket.expires_at - ticket.joined_at;
    const auto left = heard.cancelled.find(ticket.id);
    if (left != heard.cancelled.end()) out.leaves_after = left->second - ticket.joined_at;
    return out;
}

}  // namespace

Answer<std::vector<match::Arrival>> record(MatchStore& store, Caller caller, RecordingWish wish) {
    CO_TRY_OK(may(caller, Action::operate, caller.tenant));
    CO_TRY(heard, co_await hear(store, wish.since));
    std::vector<match::Arrival> out;
    for (std::size_t begin = 0; begin < heard.joined.size(); begin += at_once) {
        const auto end = std::min(begin + at_once, heard.joined.size());
        std::vector<TicketId> ids(heard.joined.begin() + static_cast<std::ptrdiff_t>(begin), heard.joined.begin() + static_cast<std::ptrdiff_t>(end));
        const auto tickets = co_await store.tickets(std::move(ids));
        if (!tickets) co_return std::unexpected(from(tickets.error()));
        for (const auto& ticket : *tickets) {
            const bool is_here = std::ranges::find(ticket.queues, wish.queue) != ticket.queues.end();
            if (is_here && ticket.tenant == caller.tenant) out.push_back(arrival_of(ticket, heard, wish.since));
        }
    }
    std::ranges::sort(out, {}, [](const match::Arrival& one) { return std::pair(one.at, one.players.front().id); });
    if (wish.with_names) co_return out;
    Names names;
    for (auto& arrival : out) {
        for (auto& player : arrival.players) names.hide(player);
    }
    co_return out;
}

}  // namespace gk::app
