#include "app/match/placement.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "domain/match/step.hpp"

namespace gk::app {
namespace {

bool all_accepted(const match::Match& match) {
    return std::ranges::all_of(match.members, [](const match::Member& member) { return member.accepted == true || member.left_at; });
}
bool has_declined(const match::Match& match) {
    return std::ranges::any_of(match.members, [](const match::Member& member) { return member.accepted == false || member.left_at; });
}

// Who had not answered yet when somebody declined is not to blame.
std::vector<TicketId> not_declined(const match::Match& match) {
    auto tickets = match::tickets_of(match);
    std::erase_if(tickets, [&](TicketId ticket) {
        return std::ranges::any_of(match.members, [&](const match::Member& member) { return member.ticket == ticket && member.accepted == false; });
    });
    return tickets;
}

}  // namespace

void Placement::begin(async::TaskGroup& tasks, match::Match match, QueueRecord queue) {
    if (under_way_.contains(match.id)) return;
    auto name = "match " + match.id.text();
    tasks.spawn(std::move(name), run(std::move(match), std::move(queue)));
}

void Placement::wake(MatchId match) {
    const auto at = under_way_.find(match);
    if (at != under_way_.end()) at->second->changed.raise();
}

Task<void> Placement::run(match::Match match, QueueRecord queue) {
    UnderWay under_way;
    under_way_[match.id] = &under_way;
    struct Leave {
        std::unordered_map<MatchId, UnderWay*>& from;
        MatchId id;
        ~Leave() { from.erase(id); }
    } leave{under_way_, match.id};
    const bool is_there = co_await bring(match, queue);
    // Failed, or over before it began by a person's word: nobody needs the server that was perhaps begun for it.
    if (!is_there && !shift_.is_over()) co_await servers_.release(match.id);
}

Task<bool> Placement::bring(match::Match& match, const QueueRecord& queue) {
    // Who has been asked is waited for, whatever has become of the queue.
    const bool is_to_be_asked =
        match.state == match::MatchState::accepting || (queue.acceptance.count() > 0 && match.state == match::MatchState::claimed);
    if (is_to_be_asked) {
        const bool is_agreed = co_await ask_players(match, queue.acceptance);
        if (!is_agreed) co_return false;
    }
    co_return co_await find_server(match, queue);
}

// Everybody says yes in time, or the match fails. Then who said yes waits again, and when somebody has declined, who was still to be heard as well.
Task<bool> Placement::ask_players(match::Match& match, Milliseconds acceptance) {
    if (match.state == match::MatchState::claimed) {
        match.state = match::MatchState::accepting;
        match.deadline = clock_.now() + acceptance;
        std::vector<TicketId> nobody;
        const bool is_told = co_await advance(match, std::move(nobody));
        if (!is_told) co_return false;
    }
    while (!all_accepted(match)) {
        if (has_declined(match) || clock_.now() >= *match.deadline) {
            const bool is_declined = has_declined(match);
            auto again = is_declined ? not_declined(match) : std::vector<TicketId>();
            co_await fail(match, is_declined ? "declined" : "not_accepted", std::move(again));
            co_return false;
        }
        auto signal = under_way_.at(match.id)->changed.wait();
        co_await async::finishes_by(clock_, *match.deadline, std::move(signal));
        const bool is_live = co_await reread(match);
        if (!is_live) co_return false;
    }
    co_return true;
}

Task<bool> Placement::find_server(match::Match& match, const QueueRecord& queue) {
    auto& server_ended = under_way_.at(match.id)->server_ended;
    auto taken = co_await servers_.take(match, queue);
    std::string reason;
    while (true) {
        if (taken && *taken) {
            found_(match.queue, true);
            match.server = std::move(**taken);
            match.state = match::MatchState::assigned;
            match.assigned_at = clock_.now();
            match.deadline.reset();
            std::vector<TicketId> nobody;
            const bool is_told = co_await advance(match, std::move(nobody));
            // It may have ended before that was written down.
            if (is_told && !server_ended.empty()) co_await end(match.id, server_ended);
            co_return is_told;
        }
        reason = taken ? reason : taken.error().code;
        if (match.attempts >= limits_.servers_tried) break;
        match.state = match::MatchState::placing;
        match.deadline = clock_.now() + limits_.server_limit;
        ++match.attempts;
        std::vector<TicketId> nobody;
        const bool is_live = co_await advance(match, std::move(nobody));
        if (!is_live) co_return false;
        server_ended.clear();
        auto started = co_await servers_.start(match, queue, *match.deadline);
        if (started) taken = std::optional(std::move(*started));
        else taken = std::unexpected(std::move(started.error()));
    }
    found_(match.queue, false);
    auto everybody = match::tickets_of(match);
    co_await fail(match, reason.empty() ? "start_failed" : reason, std::move(everybody));
    co_return false;
}

Task<bool> Placement::reread(match::Match& match) {
    const auto id = match.id;
    auto call = [this, id] { return store_.match(id); };
    auto stored = co_await shift_.ask<match::Match>(std::move(call));
    if (!stored || match::is_over(stored->state)) co_return false;
    match = std::move(*stored);
    co_return true;
}

// False when the match is over, or the shift is.
Task<bool> Placement::advance(match::Match& match, std::vector<TicketId> put_back) {
    const auto now = clock_.now();
    auto call = [&] { return store_.advance(match, put_back, now, shift_.epoch()); };
    const auto done = co_await shift_.ask<Success>(std::move(call));
    co_return done.has_value();
}

Task<void> Placement::fail(match::Match match, std::string reason, std::vector<TicketId> put_back) {
    match.state = match::MatchState::failed;
    match.end_reason = std::move(reason);
    match.ended_at = clock_.now();
    match.deadline.reset();
    co_await advance(match, std::move(put_back));
}

Task<void> Placement::end(MatchId id, std::string reason) {
    if (const auto at = under_way_.find(id); at != under_way_.end()) at->second->server_ended = reason;
    auto read = [this, id] { return store_.match(id); };
    auto match = co_await shift_.ask<match::Match>(std::move(read));
    if (!match || match->state != match::MatchState::assigned) co_return;
    match->state = match::MatchState::ended;
    match->end_reason = std::move(reason);
    match->ended_at = clock_.now();
    std::vector<TicketId> nobody;
    co_await advance(*match, std::move(nobody));
}

void Placement::note_over(async::TaskGroup& tasks, MatchId match) {
    wake(match);
    // Also one that is still on its way to a server: what was begun for it would go on starting for as long as a start may take.
    tasks.spawn("release of match " + match.text(), servers_.release(match));
}

}  // namespace gk::app
