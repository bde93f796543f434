#include "domain/match/step.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace gk::match {
namespace {

bool is_same(const Member& a, const Member& b) { return a.player == b.player && a.ticket == b.ticket; }

const Member* find(const Match& match, const Member& member) {
    const auto found = std::ranges::find_if(match.members, [&](const Member& other) { return is_same(member, other); });
    return found == match.members.end() ? nullptr : &*found;
}

// What was said once stays said, whoever has not heard of it.
std::vector<Member> merged(const Match& stored, const Match& wanted) {
    auto members = stored.members;
    for (auto& member : members) {
        const auto* change = find(wanted, member);
        if (change == nullptr) continue;
        member.team = change->team;
        if (!member.accepted) member.accepted = change->accepted;
        if (!member.left_at) member.left_at = change->left_at;
    }
    return members;
}

bool has_leaver(const Match& match, TicketId ticket) {
    return std::ranges::any_of(match.members, [&](const Member& member) { return member.ticket == ticket && member.left_at; });
}

bool has_player(const Match& match, TicketId ticket) {
    return std::ranges::any_of(match.members, [&](const Member& member) { return member.ticket == ticket && !member.left_at; });
}

TicketStep end_of(const Match& match, TicketId ticket, std::span<const TicketId> put_back) {
    TicketStep step{.ticket = ticket, .state = TicketState::ended, .reason = match.end_reason, .what = "ended", .detail = match.end_reason};
    if (match.state == MatchState::ended) return step;
    const bool again = std::ranges::find(put_back, ticket) != put_back.end() && !has_leaver(match, ticket);
    step.state = again ? TicketState::queued : TicketState::failed;
    step.what = again ? "put_back" : "failed";
    return step;
}

void add_leavers(const Match& stored, Step& step) {
    for (const auto& member : step.match.members) {
        if (!member.left_at || find(stored, member)->left_at) continue;
        step.left.push_back(member);
        TicketStep told{.ticket = member.ticket, .reason = {}, .what = "left", .detail = member.player};
        if (!has_player(step.match, member.ticket)) {
            told.state = TicketState::ended;
            told.reason = "left";
        }
        step.tickets.push_back(std::move(told));
    }
}

void add_answers(const Match& stored, Step& step) {
    for (const auto& member : step.match.members) {
        if (!member.accepted || find(stored, member)->accepted) continue;
        step.tickets.push_back({.ticket = member.ticket, .reason = {}, .what = *member.accepted ? "accepted" : "declined", .detail = member.player});
    }
}

void add_change(Step& step, std::span<const TicketId> put_back) {
    const auto& match = step.match;
    for (const auto ticket : tickets_of(match)) {
        if (!has_player(match, ticket)) continue;
        if (is_over(match.state)) {
            step.tickets.push_back(end_of(match, ticket, put_back));
            continue;
        }
        TicketStep told{.ticket = ticket, .reason = {}, .what = name_of(match.state), .detail = {}};
        if (match.state == MatchState::assigned && match.server) told.detail = fmt::format("{}:{}", match.server->host, match.server->port);
        step.tickets.push_back(std::move(told));
    }
}

}  // namespace

Result<Step, std::string> step(const Match& stored, Match wanted, std::span<const TicketId> put_back) {
    if (!may_become(stored.state, wanted.state)) {
        return std::unexpected(fmt::format("match {} is {} and cannot become {}", stored.id.text(), name_of(stored.state), name_of(wanted.state)));
    }
    // Of what is over only the record can be put right; nobody waits for it any more.
    if (is_over(stored.state)) return Step{.match = stored, .tickets = {}, .left = {}};
    Step step{.match = std::move(wanted), .tickets = {}, .left = {}};
    step.match.members = merged(stored, step.match);
    add_answers(stored, step);
    add_leavers(stored, step);
    if (step.match.state != stored.state) add_change(step, put_back);
    return step;
}

bool have_same_players(const Ticket& a, const Ticket& b) {
    const auto names = [](const Ticket& ticket) {
        std::set<std::string_view> all;
        for (const auto& player : ticket.players) all.insert(player.id);
        return all;
    };
    return names(a) == names(b);
}

std::vector<Member> new_members(const Match* stored, const Match& proposed) {
    auto members = proposed.members;
    if (stored != nullptr) std::erase_if(members, [&](const Member& member) { return find(*stored, member) != nullptr; });
    return members;
}

Match with_members_of(Match stored, const Match& proposed) {
    for (auto& member : new_members(&stored, proposed)) stored.members.push_back(std::move(member));
    stored.open_slots = proposed.open_slots;
    return stored;
}

Result<Ticket, std::string> changed(Ticket ticket, std::span<const Player> players) {
    if (ticket.state != TicketState::queued)
        return std::unexpected(fmt::format("ticket {} is {}: it cannot be changed any more", ticket.id.text(), name_of(ticket.state)));
    for (const auto& player : players) {
        const auto known = std::ranges::find(ticket.players, player.id, &Player::id);
        if (known == ticket.players.end()) return std::unexpected(fmt::format("player {} is not on ticket {}", player.id, ticket.id.text()));
        known->attributes = player.attributes;
        known->latencies = player.latencies;
    }
    return ticket;
}

std::vector<TicketId> tickets_of(const Match& match) {
    std::vector<TicketId> tickets;
    for (const auto& member : match.members) {
        if (std::ranges::find(tickets, member.ticket) == tickets.end()) tickets.push_back(member.ticket);
    }
    return tickets;
}

}  // namespace gk::match
