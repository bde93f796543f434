#include "app/match/backfills.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "domain/match/reception.hpp"
#include "domain/match/step.hpp"

namespace gk::app {
namespace {

bool is_untold(const match::Member& member) { return !member.told_at && !member.left_at; }

}  // namespace

void Backfills::note(MatchId match) {
    noted_.insert(match);
    news_.raise();
}

void Backfills::note_left(MatchId match) {
    if (open_.contains(match)) note(match);
}

void Backfills::note_answer(MatchId match) {
    if (due_.contains(match)) note(match);
}

void Backfills::note_over(MatchId match) {
    due_.erase(match);
    close(match);
}

void Backfills::note_rules(const std::string& queue) {
    for (const auto& [match, of] : open_) {
        if (of == queue) note(match);
    }
}

// One after the other, so that what was read last of a match is what its engine hears last.
Task<void> Backfills::run() {
    while (!shift_.is_over()) {
        if (noted_.empty()) co_await wait_for_news();
        while (!noted_.empty() && !shift_.is_over()) {
            const auto next = *noted_.begin();
            noted_.erase(noted_.begin());
            co_await look(next);
        }
    }
}

Task<void> Backfills::wait_for_news() {
    auto news = news_.wait();
    const auto next = std::ranges::min_element(due_, {}, [](const auto& one) { return one.second; });
    if (next == due_.end()) co_await std::move(news);
    else co_await async::finishes_by(clock_, next->second, std::move(news));
    for (const auto& [match, due] : due_) {
        if (due <= clock_.now()) noted_.insert(match);
    }
}

Task<void> Backfills::look(MatchId id) {
    due_.erase(id);
    auto read = [this, id] { return store_.match(id); };
    const auto match = co_await shift_.ask<match::Match>(std::move(read));
    if (!match || match->state != match::MatchState::assigned) {
        close(id);
        co_return;
    }
    if (std::ranges::any_of(match->members, is_untold)) co_await receive(*match);
    if (match->kept_at > 0) co_await open(*match);
    else close(id);
}

// The server first: it lets in whom it knows.
Task<void> Backfills::receive(match::Match match) {
    const auto now = clock_.now();
    const auto id = match.id;
    const auto acceptance = acceptance_(match.queue);
    auto next = match::receive(std::move(match), acceptance, now);
    if (next.due) due_[id] = *next.due;
    if (!next.is_changed) co_return;
    if (next.has_newcomers) co_await servers_.admit(next.match);
    std::vector<TicketId> nobody;
    auto call = [&] { return store_.advance(next.match, nobody, now, shift_.epoch()); };
    co_await shift_.ask<Success>(std::move(call));
}

Task<void> Backfills::open(match::Match match) {
    auto call = [&] { return store_.tickets(match::tickets_of(match)); };
    const auto tickets = co_await shift_.ask<std::vector<match::Ticket>>(std::move(call));
    if (!tickets) co_return;
    QueueEngine::Running running{.match = match.id, .seats = {}, .open_slots = match::open_slots(match), .since = *match.kept_since};
    for (const auto& member : match.members) {
        const auto ticket = std::ranges::find(*tickets, member.ticket, &match::Ticket::id);
        if (member.left_at || ticket == tickets->end()) continue;
        const auto player = std::ranges::find(ticket->players, member.player, &match::Player::id);
        if (player != ticket->players.end()) running.seats.push_back({.player = *player, .team = member.team});
    }
    open_[match.id] = match.queue;
    tell_(match.queue, std::move(running));
}

void Backfills::close(MatchId match) {
    const auto known = open_.extract(match);
    if (known) tell_(known.mapped(), {.match = match, .seats = {}});
}

}  // namespace gk::app
