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
        const bool has_accepted_meanwhile = is_being_asked(member) && member.accepted == true && !change->accepted;
        if (!member.left_at && !has_accepted_meanwhile) member.left_at = change->left_at;
        if (!member.told_at) member.told_at = change->told_at;
        if (!member.answer_by) member.answer_by = change->answer_by;
    }
    return members;
}

bool has_leaver(const Match& match, TicketId ticket) {
    return std::ranges::any_of(match.members, [&](const Member& member) { return member.ticket == ticket && member.left_at; });
}

bool has_player(const Match& match, TicketId ticket) {
    return std::ranges::any_of(match.members, [&](const Member& member) { return member.ticket == ticket && !member.left_at; });
}

struct Answers {
    bool all_accepted = true;
    bool any_declined = false;
};
Answers answers_of(const Match& match, TicketId ticket) {
    Answers answers;
    for (const auto& member : match.members) {
        if (member.ticket != ticket) continue;
        answers.all_accepted &= member.accepted == true;
        answers.any_declined |= member.accepted == false;
    }
    return answers;
}

TicketState state_after_failure(const Match& match, MatchState before, TicketId ticket, std::span<const TicketId> put_back) {
    const bool is_named = std::ranges::find(put_back, ticket) != put_back.end();
    const auto answers = before == MatchState::accepting ? answers_of(match, ticket) : Answers{.all_accepted = false};
    if ((is_named || answers.all_accepted) && !has_leaver(match, ticket)) return TicketState::queued;
    if (answers.any_declined) return TicketState::cancelled;
    return before == MatchState::accepting && !has_leaver(match, ticket) ? TicketState::expired : TicketState::failed;
}

TicketStep end_of(const Match& match, MatchState before, TicketId ticket, std::span<const TicketId> put_back) {
    TicketStep step{.ticket = ticket, .state = TicketState::ended, .reason = match.end_reason, .what = "ended", .detail = match.end_reason};
    if (match.state == MatchState::ended) return step;
    step.state = state_after_failure(match, before, ticket, put_back);
    step.what = step.state == TicketState::queued ? "put_back" : name_of(step.state);
    return step;
}

// The last of its ticket to leave.
void end_of_leaver(const Match& match, const Member& before, const Member& now, TicketStep& told) {
    told.state = TicketState::ended;
    told.reason = "left";
    if (!is_being_asked(before)) return;
    if (answers_of(match, now.ticket).any_declined) {
        told.state = TicketState::cancelled;
        told.reason = "declined";
    } else if (*now.left_at >= *before.answer_by) {
        told.state = TicketState::expired;
        told.reason = "not_accepted";
    }
}

void add_leavers(const Match& stored, Step& step) {
    for (const auto& member : step.match.members) {
        if (!member.left_at || find(stored, member)->left_at) continue;
        step.left.push_back(member);
        TicketStep told{.ticket = member.ticket, .reason = {}, .what = "left", .detail = member.player};
        if (!has_player(step.match, member.ticket)) end_of_leaver(step.match, *find(stored, member), member, told);
        step.tickets.push_back(std::move(told));
    }
}

void add_answers(const Match& stored, Step& step) {
    for (const auto& member : step.match.members) {
        if (!member.accepted || find(stored, member)->accepted) continue;
        step.tickets.push_back({.ticket = member.ticket, .reason = {}, .what = *member.accepted ? "accepted" : "declined", .detail = member.player});
    }
}

TicketStep told_of(const Match& match, TicketId ticket) {
    TicketStep told{.ticket = ticket, .reason = {}, .what = name_of(match.state), .detail = {}};
    if (match.state == MatchState::assigned && match.server) told.detail = fmt::format("{}:{}", match.server->host, match.server->port);
    return told;
}

void add_change(MatchState before, Step& step, std::span<const TicketId> put_back) {
    auto& match = step.match;
    for (const auto ticket : tickets_of(match)) {
        if (!has_player(match, ticket)) continue;
        step.tickets.push_back(is_over(match.state) ? end_of(match, before, ticket, put_back) : told_of(match, ticket));
    }
    if (match.state != MatchState::assigned) return;
    for (auto& member : match.members) member.told_at = match.assigned_at;
}

// Who came in after the match was assigned, and those who were there before of whether others may still come.
void add_backfill(const Match& stored, Step& step) {
    const auto& match = step.match;
    std::set<TicketId> told;
    for (const auto& member : match.members) {
        const bool is_news = member.told_at && !find(stored, member)->told_at && !member.left_at;
        if (is_news && told.insert(member.ticket).second) step.tickets.push_back(told_of(match, member.ticket));
    }
    std::set<TicketId> asked;
    for (const auto& member : match.members) {
        const bool is_news = is_being_asked(member) && !find(stored, member)->answer_by;
        if (is_news && asked.insert(member.ticket).second)
            step.tickets.push_back({.ticket = member.ticket, .reason = {}, .what = name_of(MatchState::accepting), .detail = {}});
    }
    if (match.kept_at == stored.kept_at) return;
    for (const auto ticket : tickets_of(match)) {
        if (!has_player(match, ticket)) continue;
        step.tickets.push_back({.ticket = ticket, .reason = {}, .what = "open", .detail = std::to_string(open_slots(match))});
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
    if (step.match.kept_since < stored.kept_since) {
        step.match.kept_since = stored.kept_since;
        step.match.kept_at = stored.kept_at;
    }
    add_answers(stored, step);
    add_leavers(stored, step);
    if (step.match.state != stored.state) add_change(stored.state, step, put_back);
    else add_backfill(stored, step);
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

bool may_take(const Match& stored, std::size_t players) { return stored.state == MatchState::assigned && players <= open_slots(stored); }

Match with_members_of(Match stored, const Match& proposed) {
    for (auto& member : new_members(&stored, proposed)) stored.members.push_back(std::move(member));
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

Match as_seen_by(Match match, TicketId ticket) {
    const auto asked = std::ranges::find_if(match.members, [&](const Member& member) { return member.ticket == ticket && is_being_asked(member); });
    if (asked == match.members.end() || match.state != MatchState::assigned) return match;
    match.state = MatchState::accepting;
    match.deadline = asked->answer_by;
    match.server.reset();
    match.assigned_at.reset();
    return match;
}

std::uint32_t players_of(const Match& match) {
    return static_cast<std::uint32_t>(std::ranges::count_if(match.members, [](const Member& member) { return !member.left_at; }));
}

std::uint32_t open_slots(const Match& match) {
    const auto players = players_of(match);
    return match.kept_at > players ? match.kept_at - players : 0;
}

std::vector<TicketId> tickets_of(const Match& match) {
    std::vector<TicketId> tickets;
    for (const auto& member : match.members) {
        if (std::ranges::find(tickets, member.ticket) == tickets.end()) tickets.push_back(member.ticket);
    }
    return tickets;
}

}  // namespace gk::match
