#include "app/match/queue_engine.hpp"

#include <algorithm>

namespace gk::app {

QueueEngine::QueueEngine(std::vector<match::Stage> stages, match::Engine::Options options) : options_(options) {
    engine_.emplace(std::move(stages), options);
}

void QueueEngine::join(match::Ticket ticket) {
    const auto id = ticket.id;
    inbox_.push_back({.kind = Word::Kind::join, .ticket = id, .joining = std::move(ticket)});
}

void QueueEngine::leave(TicketId ticket) { inbox_.push_back({.kind = Word::Kind::leave, .ticket = ticket}); }

void QueueEngine::release(std::vector<TicketId> tickets) {
    for (const auto ticket : tickets) inbox_.push_back({.kind = Word::Kind::release, .ticket = ticket});
}

void QueueEngine::open(Running running) { inbox_.push_back({.kind = Word::Kind::open, .running = std::move(running)}); }

void QueueEngine::close(MatchId match) { inbox_.push_back({.kind = Word::Kind::close, .running = {.match = match, .seats = {}}}); }

void QueueEngine::change_rules(std::vector<match::Stage> stages) { inbox_.push_back({.kind = Word::Kind::rules, .stages = std::move(stages)}); }

Task<QueueEngine::Look> QueueEngine::look(const OffLoop& off_loop, Time now) {
    Look out;
    auto words = std::exchange(inbox_, {});
    std::function<void()> work = [&] {
        heed(std::move(words), out);
        search(now, out);
    };
    co_await off_loop(std::move(work));
    waiting_ = known_.size();
    co_return out;
}

Task<std::optional<match::Explanation>> QueueEngine::explain(const OffLoop& off_loop, TicketId ticket, Time now) {
    std::optional<match::Explanation> out;
    std::function<void()> work = [&] {
        const auto at = known_.find(ticket);
        if (at != known_.end()) out = engine_->explain(at->second.handle, now);
    };
    co_await off_loop(std::move(work));
    co_return out;
}

void QueueEngine::heed(std::vector<Word> words, Look& out) {
    for (auto& word : words) heed(std::move(word), out);
}

void QueueEngine::heed(Word word, Look& out) {
    switch (word.kind) {
    case Word::Kind::join:
        remove(word.ticket);
        add(*word.joining, out);
        return;
    case Word::Kind::leave: remove(word.ticket); return;
    case Word::Kind::release:
        if (const auto at = known_.find(word.ticket); at != known_.end()) engine_->release(at->second.handle);
        return;
    case Word::Kind::open: put(std::move(word.running)); return;
    case Word::Kind::close: engine_->remove_backfill(word.running.match); return;
    case Word::Kind::rules:
        engine_.emplace(std::move(word.stages), options_);
        handles_.clear();
        known_.clear();
        return;
    }
}

void QueueEngine::add(const match::Ticket& ticket, Look& out) {
    const auto handle = engine_->add(ticket);
    if (!handle) {
        out.unfit.push_back({ticket.id, handle.error()});
        return;
    }
    handles_[*handle] = ticket.id;
    Known known{.handle = *handle, .players = {}};
    for (const auto& player : ticket.players) known.players.push_back(player.id);
    known_.insert_or_assign(ticket.id, std::move(known));
}

void QueueEngine::remove(TicketId ticket) {
    const auto at = known_.find(ticket);
    if (at == known_.end()) return;
    engine_->remove(at->second.handle);
    handles_.erase(at->second.handle);
    known_.erase(at);
}

// Whose team the rules do not know any more counts for the first one.
void QueueEngine::put(Running running) {
    match::Backfill backfill{.match = running.match, .players = {}, .teams = {}, .open_slots = running.open_slots, .since = running.since};
    const auto names = engine_->team_names();
    for (auto& seat : running.seats) {
        const auto team = std::ranges::find(names, seat.team);
        backfill.players.push_back(std::move(seat.player));
        backfill.teams.push_back(team == names.end() ? 0 : static_cast<std::uint32_t>(team - names.begin()));
    }
    engine_->put(std::move(backfill));
}

void QueueEngine::search(Time now, Look& out) {
    for (const auto& proposal : engine_->pass(now)) out.found.push_back(found(proposal));
    out.next = engine_->is_cut_short() ? now : engine_->next_pass();
}

QueueEngine::Found QueueEngine::found(const match::Proposal& proposal) const {
    Found out{.members = {}, .joins = proposal.joins, .region = proposal.region, .quality = proposal.quality};
    const auto teams = engine_->team_names();
    for (const auto& placed : proposal.placed) {
        const auto ticket = handles_.at(placed.handle);
        for (const auto& player : known_.at(ticket).players)
            out.members.push_back({.player = player, .ticket = ticket, .team = std::string(teams[placed.team]), .accepted = {}, .left_at = {}});
    }
    return out;
}

}  // namespace gk::app
