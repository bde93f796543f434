#include <algorithm>

#include <fmt/format.h>

#include "tests/sim/match/hall.hpp"

// What must hold of tickets (T), matches (M), servers (S) and events (E), whatever goes wrong. README.md lists them.
namespace gk::matchsim {
namespace {

using namespace std::chrono_literals;
using match::MatchState;
using match::TicketState;

bool plays(const match::Member& member) { return !member.left_at; }

}  // namespace

void Hall::check() {
    if (!breach_.empty()) return;
    check_tickets();
    check_matches();
    check_servers();
    check_promises();
    check_events();
}

void Hall::check_tickets() {
    for (const auto& [id, stored] : matches->tickets) {
        const auto& ticket = stored.ticket;
        const auto before = seen_.find(id);
        if (before == seen_.end()) {
            seen_[id] = ticket;
            continue;
        }
        auto& was = before->second;
        if (was.state == ticket.state && was.match == ticket.match && was.put_back == ticket.put_back) continue;
        const bool is_back = was.state == TicketState::matched && ticket.state == TicketState::queued;
        if (match::is_over(was.state) || (is_back && ticket.put_back == was.put_back))
            breach(fmt::format("T2: ticket {} was {} and is {}", id.text(), name_of(was.state), name_of(ticket.state)));
        if (ticket.joined_at != was.joined_at) breach(fmt::format("T3: ticket {} has lost its place in the line", id.text()));
        was = ticket;
    }
}

void Hall::check_matches() {
    std::map<std::string, MatchId> playing;
    for (const auto& [id, stored] : matches->matches) {
        const auto& match = stored.match;
        if (match::is_over(match.state)) continue;
        if (committed_.emplace(id, match.epoch).second && match.epoch < matches->epoch)
            breach(fmt::format("M3: match {} of epoch {} came after {}", id.text(), std::to_underlying(match.epoch),
                               std::to_underlying(matches->epoch)));
        for (const auto& member : match.members) {
            if (!plays(member)) continue;
            const auto [at, is_first] = playing.emplace(member.player, id);
            if (!is_first) breach(fmt::format("M1: {} plays in {} and {}", member.player, at->second.text(), id.text()));
            const auto ticket = matches->tickets.find(member.ticket);
            const bool is_its =
                ticket != matches->tickets.end() && ticket->second.ticket.state == TicketState::matched && ticket->second.ticket.match == id;
            if (!is_its) breach(fmt::format("M2: match {} has ticket {}, which is not its", id.text(), member.ticket.text()));
        }
        const bool has_server = match.server && served_[match.server->name].contains(id.text());
        if (match.state == MatchState::assigned && !has_server) breach(fmt::format("S2: match {} has no server that knows of it", id.text()));
        ++reached[std::string(name_of(match.state))];
    }
    for (const auto& [id, stored] : matches->tickets) {
        const auto& ticket = stored.ticket;
        if (ticket.state != TicketState::matched) continue;
        const auto match = matches->matches.find(*ticket.match);
        if (match == matches->matches.end() || match::is_over(match->second.match.state))
            breach(fmt::format("M2: ticket {} is matched, its match is not live", id.text()));
    }
}

void Hall::check_servers() {
    std::map<std::uint32_t, std::string> slots;
    std::map<std::string, std::uint32_t> counts;
    for (const auto& [uid, server] : fleets->servers) {
        const auto [at, is_first] = slots.emplace(server.slot, server.name);
        if (!is_first) breach(fmt::format("S3: servers {} and {} share a slot", at->second, server.name));
        if (const auto& fleet = server.fleet.empty() ? server.beside : server.fleet; !fleet.empty()) ++counts[fleet];
    }
    for (const auto& [name, count] : counts) {
        const auto fleet = fleets->fleets.find(name);
        if (fleet != fleets->fleets.end() && count > fleet->second.most)
            breach(fmt::format("S4: fleet {} has {} servers of {}", name, count, fleet->second.most));
    }
}

void Hall::check_promises() {
    const auto state_of = [&](TicketId id) {
        const auto at = matches->tickets.find(id);
        return at == matches->tickets.end() ? std::nullopt : std::optional(at->second.ticket.state);
    };
    for (const auto id : promises.joined) {
        if (!state_of(id)) breach(fmt::format("T1: ticket {} was acknowledged and is not stored", id.text()));
    }
    for (const auto id : promises.cancelled) {
        if (state_of(id) != TicketState::cancelled) breach(fmt::format("T4: ticket {} was cancelled and is not", id.text()));
    }
    for (const auto id : promises.ended) {
        if (!match::is_over(matches->matches.at(id).match.state)) breach(fmt::format("M4: match {} was ended and is not over", id.text()));
    }
    for (const auto& [who, accepted] : promises.answered) {
        const auto& members = matches->matches.at(who.first).match.members;
        const auto member = std::ranges::find(members, who.second, &match::Member::player);
        if (member->accepted != accepted) breach(fmt::format("M5: the answer of {} to {} is forgotten", who.second, who.first.text()));
    }
}

void Hall::check_events() {
    const auto& events = matches->events;
    for (; events_seen_ < events.size(); ++events_seen_) {
        const auto number = events[events_seen_].number;
        if (number != event_seen_ + 1) breach(fmt::format("E1: event {} follows {}", number, event_seen_));
        event_seen_ = number;
    }
}

// The queues are those of world.cpp: two of anybody; four or, after 15 seconds, two; two who are equally good.
std::string Hall::starving() const {
    std::map<std::string, std::vector<const match::Ticket*>> waiting;
    for (const auto& [id, stored] : matches->tickets) {
        const auto& ticket = stored.ticket;
        if (ticket.state != TicketState::queued) continue;
        for (const auto& queue : ticket.queues) waiting[queue].push_back(&ticket);
    }
    const auto is_alone = [](const match::Ticket* ticket) { return ticket->players.size() == 1; };
    for (const auto& [queue, tickets] : waiting) {
        if (!matches->queues.contains(queue)) continue;
        const auto alone = std::ranges::count_if(tickets, is_alone);
        const auto text = fmt::format("T5: {} tickets wait in {}, the first is {}", tickets.size(), queue, tickets.front()->id.text());
        if (queue == "duo" || queue == "asked") {
            if (alone > 1 || std::ranges::any_of(tickets, [](const auto* ticket) { return ticket->players.size() == 2; })) return text;
        } else if (queue == "quad") {
            if (tickets.size() > 1 || !is_alone(tickets.front())) return text;
        } else if (queue == "ranked" && alone > 1) {
            return text;
        }
    }
    return {};
}

std::string Hall::unrest() const {
    for (const auto& [id, stored] : matches->matches) {
        if (!match::is_over(stored.match.state)) return fmt::format("M6: match {} is still {}", id.text(), name_of(stored.match.state));
    }
    for (const auto& [id, stored] : matches->tickets) {
        if (!match::is_over(stored.ticket.state)) return fmt::format("T6: ticket {} is still {}", id.text(), name_of(stored.ticket.state));
    }
    std::uint32_t ready = 0;
    for (const auto& [uid, game] : games) {
        const auto stored = fleets->servers.find(uid);
        if (stored == fleets->servers.end()) return fmt::format("S5: nobody knows of server {}", game.name);
        if (stored->second.match || !game.match.empty()) {
            return fmt::format("S6: server {} is of a match that is over; stored: '{}', its game: '{}'", game.name,
                               stored->second.match ? stored->second.match->text() : "", game.match);
        }
        if (game.process == Seen::Process::ready) ++ready;
    }
    for (const auto& [uid, server] : fleets->servers) {
        if (!games.contains(uid)) return fmt::format("S7: server {} is stored and not there", server.name);
    }
    const auto wanted = fleets->fleets.at("warm").ready;
    return ready == wanted ? std::string() : fmt::format("S8: {} servers wait, {} are wanted", ready, wanted);
}

}  // namespace gk::matchsim
