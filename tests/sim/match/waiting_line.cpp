#include "tests/sim/match/waiting_line.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::matchsim {
namespace {

bool is_like_any_other(const match::Ticket& ticket) {
    return ticket.state == match::TicketState::queued && ticket.players.size() == 1 && ticket.queues.size() == 1 && ticket.queues[0] == "duo";
}

}  // namespace

void WaitingLine::note_told(const std::vector<match::Ticket>& tickets) {
    for (const auto& ticket : tickets) {
        if (is_like_any_other(ticket)) known_[ticket.id] = ticket.put_back;
    }
}

// What ends to wait is forgotten, also when that is heard late and it waits again by now: then the matchmaker asks once more.
void WaitingLine::note_told(const std::vector<MatchEvent>& events) {
    for (const auto& event : events) {
        if (event.what != "put_back" && event.what != "queued") known_.erase(event.ticket);
    }
}

void WaitingLine::note_told(const std::vector<QueueRecord>& queues) {
    std::set<std::string> names;
    for (const auto& queue : queues) names.insert(queue.name);
    if (names != queues_) known_.clear();
    queues_ = std::move(names);
}

void WaitingLine::note_doubt(const std::vector<TicketId>& tickets) {
    for (const auto ticket : tickets) known_.erase(ticket);
}

void WaitingLine::note_proposed(const std::vector<match::Match>& matches) {
    for (const auto& match : matches) note_doubt(match::tickets_of(match));
    for (const auto& match : matches) {
        const auto [at, is_new] = passed_over_.try_emplace(match.id);
        if (!is_new) continue;
        Time youngest{};
        for (const auto ticket : match::tickets_of(match)) {
            const auto stored = hall_.matches->tickets.find(ticket);
            if (stored != hall_.matches->tickets.end() && is_like_any_other(stored->second.ticket))
                youngest = std::max(youngest, stored->second.ticket.joined_at);
        }
        for (const auto ticket : earlier_than(youngest)) at->second[ticket] = known_.at(ticket);
    }
}

std::vector<TicketId> WaitingLine::earlier_than(Time joined_at) const {
    std::vector<TicketId> all;
    for (const auto& [id, put_back] : known_) {
        const auto stored = hall_.matches->tickets.find(id);
        if (stored != hall_.matches->tickets.end() && stored->second.ticket.joined_at < joined_at) all.push_back(id);
    }
    return all;
}

// Who has gone meanwhile, or was in another match, was not there to be taken.
void WaitingLine::note_stored(MatchId match) {
    const auto passed = passed_over_.find(match);
    if (passed == passed_over_.end()) return;
    for (const auto& [id, put_back] : passed->second) {
        const auto& ticket = hall_.matches->tickets.at(id).ticket;
        if (is_like_any_other(ticket) && ticket.put_back == put_back)
            hall_.breach(fmt::format("T7: ticket {} was known to wait and match {} passed it over", id.text(), match.text()));
    }
}

}  // namespace gk::matchsim
