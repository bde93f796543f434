#include "app/match/matchmaker.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "app/match/matchmaker_queue.hpp"
#include "async/deadline.hpp"
#include "async/this_executor.hpp"
#include "base/log.hpp"
#include "domain/fleet/fleet.hpp"
#include "domain/match/step.hpp"

namespace gk::app {
namespace {

// How long a ticket that was late and could not be ended is left alone.
constexpr Milliseconds late_again = std::chrono::seconds(5);
constexpr std::size_t events_at_once = 1'000;

bool begins_to_wait(std::string_view what) { return what == "queued" || what == "put_back" || what == "changed"; }
bool ends_to_wait(std::string_view what) { return what == "claimed" || what == "cancelled" || what == "expired" || what == "failed"; }
bool ends_match(std::string_view what) {
    return what == "ended" || what == "failed" || what == "put_back" || what == "cancelled" || what == "expired";
}

}  // namespace

Matchmaker::Matchmaker(MatchmakerPorts ports, MatchmakerLimits limits) : ports_(std::move(ports)), limits_(limits) {}
Matchmaker::~Matchmaker() = default;

Task<std::string> Matchmaker::run() {
    auto shift = std::make_unique<Shift>(ports_.clock);
    auto call = [this] { return ports_.store.next_epoch(); };
    const auto epoch = co_await shift->ask<Epoch>(std::move(call));
    if (!epoch) co_return "the store gives no epoch";
    shift->begin(*epoch);
    log::info("match", "matchmaker took over", {{"epoch", *epoch}});

    // What an earlier shift knew may be over by now.
    queues_.clear();
    waiting_.clear();
    patience_ = Patience();
    shift_ = std::move(shift);
    placement_ = std::make_unique<Placement>(ports_.store, ports_.servers, ports_.clock, *shift_, limits_.placement,
                                             [this](const std::string& queue, bool is_found) { note_placement(queue, is_found); });
    backfills_ = std::make_unique<Backfills>(
        ports_.store, ports_.servers, ports_.clock, *shift_,
        [this](const std::string& queue, QueueEngine::Running running) { tell_engine(queue, std::move(running)); },
        [this](const std::string& queue) { return acceptance_of(queue); });
    const auto executor = co_await async::this_executor;
    async::TaskGroup tasks(executor);
    const auto changed = ports_.store.watch([this] { news_.raise(); });
    const auto queue_changed = ports_.store.watch_queues([this] { note_queues(); });
    const auto ended = ports_.servers.watch(
        [this, &tasks](MatchId id, std::string reason) { tasks.spawn("end of match " + id.text(), placement_->end(id, std::move(reason))); });
    tasks.spawn("match servers", ports_.servers.work(*shift_));
    struct AtWork {
        async::TaskGroup*& tasks;
        ~AtWork() { tasks = nullptr; }
    } at_work{tasks_ = &tasks};
    auto body = work(tasks);
    co_await async::run_with(tasks, std::move(body));
    const auto why = shift_->why();
    shift_.reset();
    log::warning("match", "matchmaker stopped", {{"why", why}});
    co_return why;
}

// Events are followed from before the first reading on: what happens meanwhile is heard of twice rather than not at all.
Task<void> Matchmaker::work(async::TaskGroup& tasks) {
    auto call = [this] { return ports_.store.last_event(); };
    const auto after = co_await shift_->ask<std::uint64_t>(std::move(call));
    // Servers of matches that nobody knows are let go before the first new match is made.
    std::vector<match::Match> live;
    const bool is_ready = after && co_await adopt_matches(live) && co_await read_queues(tasks);
    if (!is_ready) {
        shift_->end("the store cannot be read");
        co_return;
    }
    resume_matches(tasks, std::move(live));
    tasks.spawn("match events", follow(tasks, *after));
    tasks.spawn("match patience", lose_patience());
    tasks.spawn("backfills", backfills_->run());
    tasks.spawn("match audit", keep_auditing());
    co_await shift_->wait_for_end();
}

Task<std::optional<std::vector<match::Match>>> Matchmaker::live_matches() {
    std::vector<match::Match> live;
    while (true) {
        MatchStore::MatchFilter filter;
        filter.tenant.clear();
        filter.live_only = true;
        filter.limit = limits_.page;
        if (!live.empty()) filter.after = live.back().id;
        auto call = [&] { return ports_.store.matches(filter); };
        auto page = co_await shift_->ask<std::vector<match::Match>>(std::move(call));
        if (!page) co_return std::nullopt;
        const bool is_last = page->size() < limits_.page;
        std::ranges::move(*page, std::back_inserter(live));
        if (is_last) co_return std::move(live);
    }
}

Task<bool> Matchmaker::adopt_matches(std::vector<match::Match>& live) {
    auto all = co_await live_matches();
    if (!all) co_return false;
    live = std::move(*all);
    // Servers that have begun and ended with their shift by now begin no more, and nothing would wake us (simulator, seed 928).
    if (shift_->is_over()) co_return false;
    co_await ports_.servers.adopt(live);
    co_return true;
}

void Matchmaker::resume_matches(async::TaskGroup& tasks, std::vector<match::Match> live) {
    for (auto& match : live) {
        const auto at = queues_.find(match.queue);
        if (match.state == match::MatchState::assigned) {
            const auto is_untold = [](const match::Member& member) { return !member.told_at; };
            if (match.kept_at > 0 || std::ranges::any_of(match.members, is_untold)) backfills_->note(match.id);
            continue;
        }
        auto record = at == queues_.end() ? QueueRecord{.name = match.queue, .game = {}, .fleet = {}, .rules = {}, .shadow = {}} : at->second->record;
        placement_->begin(tasks, std::move(match), std::move(record));
    }
}

Task<void> Matchmaker::follow(async::TaskGroup& tasks, std::uint64_t after) {
    while (!shift_->is_over()) {
        MatchStore::EventFilter filter;
        filter.after = after;
        filter.limit = events_at_once;
        auto call = [&] { return ports_.store.events(filter); };
        const auto events = co_await shift_->ask<std::vector<MatchEvent>>(std::move(call));
        if (!events) co_return;
        if (queues_changed_) co_await read_queues(tasks);
        if (!events->empty()) after = events->back().number;
        co_await heed(tasks, *events);
        if (events->size() < events_at_once) co_await news_.wait();
    }
}

Task<void> Matchmaker::heed(async::TaskGroup& tasks, const std::vector<MatchEvent>& events) {
    // The last word about a ticket counts: one that left again in the same breath is not fetched.
    auto wanted = std::exchange(doubtful_, {});
    std::set<MatchId> over;
    for (const auto& event : events) {
        if (event.match) placement_->wake(*event.match);
        if (event.match && event.what == "open") backfills_->note(*event.match);
        if (event.match && (event.what == "accepted" || event.what == "declined")) backfills_->note_answer(*event.match);
        if (event.match && event.what == "left") backfills_->note_left(*event.match);
        if (event.match && ends_match(event.what)) over.insert(*event.match);
        if (ends_to_wait(event.what)) {
            wanted.erase(event.ticket);
            forget(event.ticket);
        }
        if (begins_to_wait(event.what) && (event.what != "queued" || !waiting_.contains(event.ticket))) wanted.insert(event.ticket);
    }
    for (const auto match : over) {
        placement_->note_over(tasks, match);
        backfills_->note_over(match);
    }
    if (!wanted.empty()) {
        std::vector<TicketId> ids(wanted.begin(), wanted.end());
        co_await take_in(std::move(ids));
    }
}

Task<void> Matchmaker::take_in(std::vector<TicketId> ids) {
    auto call = [&] { return ports_.store.tickets(ids); };
    const auto tickets = co_await shift_->ask<std::vector<match::Ticket>>(std::move(call));
    if (!tickets) co_return;
    for (const auto& ticket : *tickets) {
        if (ticket.state == match::TicketState::queued) wait_in_queues(ticket);
    }
}

void Matchmaker::wait_in_queues(const match::Ticket& ticket) {
    auto silence = Milliseconds::max();
    for (const auto& name : ticket.queues) {
        const auto at = queues_.find(name);
        if (at == queues_.end()) continue;
        at->second->engine.join(ticket);
        if (at->second->shadow) at->second->shadow->join(ticket);
        at->second->due.raise();
        silence = std::min(silence, at->second->record.silence);
    }
    waiting_[ticket.id] = ticket.queues;
    // Where no queue is known that could ask for its word, its time alone counts.
    const auto most = std::chrono::duration_cast<Milliseconds>(ticket.expires_at - ticket.seen_at);
    patience_.add(ticket.id, ticket.expires_at, ticket.seen_at, std::min(silence, std::max(most, Milliseconds(0))));
    joined_.raise();
}

void Matchmaker::forget(TicketId ticket) {
    const auto at = waiting_.find(ticket);
    if (at == waiting_.end()) return;
    for (const auto& name : at->second) {
        const auto queue = queues_.find(name);
        if (queue == queues_.end()) continue;
        queue->second->engine.leave(ticket);
        if (queue->second->shadow) queue->second->shadow->leave(ticket);
    }
    waiting_.erase(at);
    patience_.remove(ticket);
}

std::vector<std::shared_ptr<Matchmaker::Queue>> Matchmaker::queues_of(TicketId ticket) const {
    std::vector<std::shared_ptr<Queue>> out;
    const auto at = waiting_.find(ticket);
    if (at == waiting_.end()) return out;
    for (const auto& name : at->second) {
        if (const auto queue = queues_.find(name); queue != queues_.end()) out.push_back(queue->second);
    }
    return out;
}

// Where no server can be had, those who are put back would be matched again at once.
void Matchmaker::note_placement(const std::string& name, bool is_found) {
    const auto at = queues_.find(name);
    if (at == queues_.end()) return;
    auto& queue = *at->second;
    queue.failures = is_found ? 0 : queue.failures + 1;
    queue.not_before = ports_.clock.now() + fleet::back_off(queue.failures);
}

Task<void> Matchmaker::tend(Queue& queue, async::TaskGroup& tasks) {
    while (!shift_->is_over()) {
        if (!queue.is_read) {
            co_await queue.due.wait();
            continue;
        }
        if (!queue.engine.has_news() || queue.is_gone) {
            auto signal = queue.due.wait();
            if (queue.next && !queue.is_gone) co_await async::finishes_by(ports_.clock, *queue.next, std::move(signal));
            else co_await std::move(signal);
        }
        co_await ports_.clock.sleep_until(queue.not_before);
        const auto now = ports_.clock.now();
        auto look = co_await queue.engine.look(ports_.off_loop, now);
        if (ports_.looked) ports_.looked(queue.record.name, ports_.clock.now() - now);
        queue.next = look.next;
        for (const auto& [ticket, why] : look.unfit) {
            log::warning("match", "a ticket does not suit its queue", {{"queue", queue.record.name}, {"ticket", ticket}, {"why", why}});
            std::vector<TicketId> one{ticket};
            co_await expire(std::move(one), "unfit", std::nullopt);
        }
        if (!look.found.empty()) co_await commit(queue, std::move(look.found), tasks);
        co_await look_for_shadow(queue, now);
        co_await ports_.clock.sleep_until(now + limits_.between_looks);
    }
}

Task<void> Matchmaker::look_for_shadow(Queue& queue, Time now) {
    const auto shadow = queue.shadow;  // It may be replaced meanwhile.
    if (!shadow) co_return;
    co_await shadow->look(ports_.off_loop, now);
    if (shadow->next()) queue.next = std::min(queue.next.value_or(*shadow->next()), *shadow->next());
}

// Of a queue that is gone nobody is asked.
Milliseconds Matchmaker::acceptance_of(const std::string& queue) const {
    const auto at = queues_.find(queue);
    return at == queues_.end() ? Milliseconds(0) : at->second->record.acceptance;
}

void Matchmaker::tell_engine(const std::string& name, QueueEngine::Running running) {
    const auto at = queues_.find(name);
    if (at == queues_.end()) return;
    if (running.open_slots > 0) at->second->engine.open(std::move(running));
    else at->second->engine.close(running.match);
    at->second->due.raise();
}

Task<void> Matchmaker::commit(Queue& queue, std::vector<QueueEngine::Found> found, async::TaskGroup& tasks) {
    std::vector<match::Match> matches;
    matches.reserve(found.size());
    std::vector<bool> is_new;
    for (auto& one : found) {
        is_new.push_back(!one.joins);
        matches.push_back(new_match(queue, std::move(one)));
    }
    auto call = [&] { return ports_.store.commit(matches, shift_->epoch()); };
    const auto outcomes = co_await shift_->ask<std::vector<MatchStore::Committed>>(std::move(call));
    if (!outcomes) {
        give_back(queue, matches, is_new);
        co_return;
    }
    for (std::size_t i = 0; i < matches.size(); ++i) {
        if (!is_new[i]) backfills_->note(matches[i].id);
        else if ((*outcomes)[i].is_committed) placement_->begin(tasks, matches[i], queue.record);
        settle(queue, matches[i], (*outcomes)[i]);
    }
}

// The store refuses the proposal as a whole: it knows something that we have not heard of yet. Everybody of it is read anew, and not at once, for it
// may refuse again.
void Matchmaker::give_back(const Queue& queue, const std::vector<match::Match>& matches, const std::vector<bool>& is_new) {
    if (shift_->is_over()) return;
    note_placement(queue.record.name, false);
    for (std::size_t i = 0; i < matches.size(); ++i) {
        if (!is_new[i]) backfills_->note(matches[i].id);
        for (const auto ticket : match::tickets_of(matches[i])) doubt(ticket);
    }
}

match::Match Matchmaker::new_match(const Queue& queue, QueueEngine::Found found) {
    match::Match match;
    match.id = found.joins ? *found.joins : ports_.random.id<MatchId>();
    match.queue = queue.record.name;
    match.join_tokens = queue.record.join_tokens;
    match.members = std::move(found.members);
    match.region = std::move(found.region);
    match.quality = found.quality;
    match.claimed_at = ports_.clock.now();
    match.epoch = shift_->epoch();
    return match;
}

void Matchmaker::settle(Queue& queue, const match::Match& match, const MatchStore::Committed& outcome) {
    if (outcome.is_committed) {
        const auto tickets = match::tickets_of(match);
        if (queue.shadow) queue.shadow->note_made(tickets, match.quality, ports_.clock.now());
        for (const auto ticket : tickets) forget(ticket);
        return;
    }
    for (const auto ticket : outcome.gone) doubt(ticket);
    auto others = match::tickets_of(match);
    std::erase_if(others, [&](TicketId ticket) { return std::ranges::find(outcome.gone, ticket) != outcome.gone.end(); });
    queue.engine.release(std::move(others));
}

Task<void> Matchmaker::lose_patience() {
    while (!shift_->is_over()) {
        auto signal = joined_.wait();
        const auto next = patience_.next();
        if (next) co_await async::finishes_by(ports_.clock, *next, std::move(signal));
        else co_await std::move(signal);
        const auto now = ports_.clock.now();
        auto late = patience_.take(now, late_again);
        co_await expire(std::move(late.expired), "no_match", std::nullopt);
        // Who was last heard of right then has been silent for the whole time.
        co_await expire(std::move(late.silent), "silent", now - late.silence + Milliseconds(1));
    }
}

Task<void> Matchmaker::expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since) {
    if (tickets.empty()) co_return;
    const auto now = ports_.clock.now();
    // Its event may be heard before the answer, and then nobody knows any more where it waited.
    std::unordered_map<TicketId, std::vector<std::shared_ptr<Queue>>> waited_in;
    for (const auto ticket : tickets) waited_in[ticket] = queues_of(ticket);
    auto call = [&] { return ports_.store.expire(tickets, reason, unless_seen_since, now, shift_->epoch()); };
    const auto expired = co_await shift_->ask<std::vector<TicketId>>(std::move(call));
    if (!expired) co_return;
    for (const auto ticket : *expired) {
        for (auto& queue : waited_in[ticket]) queue->expired.add(now);
        forget(ticket);
    }
    if (unless_seen_since) co_return;
    // Whose time is over and who is not expired was not waiting any more just then.
    for (const auto ticket : tickets) {
        if (std::ranges::find(*expired, ticket) == expired->end()) doubt(ticket);
    }
}

// The store said that it does not wait. It may wait again by now, and that have been heard of before: only who follows the events can say.
void Matchmaker::doubt(TicketId ticket) {
    forget(ticket);
    doubtful_.insert(ticket);
    news_.raise();
}

void Matchmaker::note(const match::Ticket& ticket) {
    if (shift_ && !waiting_.contains(ticket.id)) wait_in_queues(ticket);
}

void Matchmaker::note_seen(TicketId ticket) { patience_.seen(ticket, ports_.clock.now()); }

void Matchmaker::note_queues() {
    queues_changed_ = true;
    news_.raise();
}

Task<std::optional<match::Explanation>> Matchmaker::explain(std::string queue, TicketId ticket) {
    const auto at = queues_.find(queue);
    if (!shift_ || at == queues_.end()) co_return std::nullopt;
    const auto asked = at->second;  // It may go meanwhile.
    co_return co_await asked->engine.explain(ports_.off_loop, ticket, ports_.clock.now());
}

std::optional<Shadow::Report> Matchmaker::shadow(const std::string& queue) const {
    const auto at = queues_.find(queue);
    if (!shift_ || at == queues_.end() || !at->second->shadow) return std::nullopt;
    return at->second->shadow->report();
}

std::optional<std::uint64_t> Matchmaker::expired(const std::string& queue, Time since) const {
    const auto at = queues_.find(queue);
    return shift_ && at != queues_.end() ? std::optional(at->second->expired.since(since)) : std::nullopt;
}

std::optional<std::size_t> Matchmaker::waiting(const std::string& queue) const {
    const auto at = queues_.find(queue);
    return shift_ && at != queues_.end() ? std::optional(at->second->engine.waiting()) : std::nullopt;
}

}  // namespace gk::app
