#include "app/match/shadow.hpp"

#include <algorithm>

namespace gk::app {
namespace {

std::vector<TicketId> tickets_of(const QueueEngine::Found& found) {
    std::set<TicketId> tickets;
    for (const auto& member : found.members) tickets.insert(member.ticket);
    return {tickets.begin(), tickets.end()};
}

template <class T, class Better>
void keep(std::optional<T>& best, T value, Better better) {
    if (!best || better(value, *best)) best = value;
}

}  // namespace

Shadow::Shadow(std::vector<match::Stage> stages, match::Engine::Options options, std::string attribute, Time since)
    : engine_(std::move(stages), options),
      attribute_(std::move(attribute)),
      report_{.since = since, .attribute = attribute_, .made = {}, .would_make = {}} {}

// One that is put back waits here anew only when these rules have not matched it before.
void Shadow::join(const match::Ticket& ticket) {
    auto& known = known_[ticket.id];
    known.is_made = false;
    if (known.would_be_made) return;
    known = {.joined_at = ticket.joined_at, .expires_at = ticket.expires_at, .players = static_cast<std::uint32_t>(ticket.players.size())};
    for (const auto& player : ticket.players) {
        const auto at = player.attributes.find(attribute_);
        const auto* number = at == player.attributes.end() ? nullptr : std::get_if<double>(&at->second);
        if (number == nullptr) continue;
        keep(known.least, *number, std::less());
        keep(known.most, *number, std::greater());
    }
    by_end_.emplace(ticket.expires_at, ticket.id);
    engine_.join(ticket);
}

void Shadow::leave(TicketId ticket) {
    const auto at = known_.find(ticket);
    if (at != known_.end() && !at->second.is_made) drop(ticket);
}

void Shadow::drop(TicketId ticket) {
    const auto at = known_.find(ticket);
    if (at == known_.end()) return;
    by_end_.erase({at->second.expires_at, ticket});
    known_.erase(at);
    engine_.leave(ticket);
}

void Shadow::note_made(const std::vector<TicketId>& tickets, double quality, Time now) {
    count(tickets, quality, now, &Known::is_made, report_.made);
}

void Shadow::count(const std::vector<TicketId>& tickets, double quality, Time now, bool Known::* by, Tally& tally) {
    std::optional<double> least;
    std::optional<double> most;
    ++tally.matches;
    tally.quality += quality;
    for (const auto ticket : tickets) {
        const auto at = known_.find(ticket);
        if (at == known_.end()) continue;
        auto& known = at->second;
        tally.players += known.players;
        tally.waited += (now - known.joined_at) * known.players;
        if (known.least) keep(least, *known.least, std::less());
        if (known.most) keep(most, *known.most, std::greater());
        known.*by = true;
        if (known.is_made && known.would_be_made) known_.erase(at);
    }
    if (least && most) tally.spread += *most - *least;
}

// Who was matched by the rules that count and finds nobody here would have given up by now.
void Shadow::forget_late(Time now) {
    while (!by_end_.empty() && by_end_.begin()->first <= now) drop(by_end_.begin()->second);
}

Task<void> Shadow::look(const OffLoop& off_loop, Time now) {
    forget_late(now);
    auto look = co_await engine_.look(off_loop, now);
    next_ = look.next;
    for (const auto& unfit : look.unfit) drop(unfit.ticket);
    for (const auto& found : look.found) {
        const auto tickets = tickets_of(found);
        for (const auto ticket : tickets) {
            const auto at = known_.find(ticket);
            if (at != known_.end()) by_end_.erase({at->second.expires_at, ticket});
            engine_.leave(ticket);
        }
        count(tickets, found.quality, now, &Known::would_be_made, report_.would_make);
    }
}

Shadow::Report Shadow::report() const {
    auto report = report_;
    report.waiting = by_end_.size();
    return report;
}

}  // namespace gk::app
