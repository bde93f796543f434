#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "async/wait_queue.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// Another store, but for some commits, which it refuses as a whole and not for a time: PostgreSQL does it where a constraint is violated. And it
// may be slow to say who waits.
class RefusingStore final : public MatchStore {
public:
    explicit RefusingStore(MatchStore& inner) : inner_(inner) {}

    int refusals = 0;  // Of the next commits.
    bool is_slow = false;     // Who asks who waits hears it when answer() is called.
    void answer() {
        is_slow = false;
        asking_.wake_all();
    }

    Answer<std::vector<Committed>> commit(std::vector<match::Match> matches, Epoch by) override {
        if (refusals == 0) return inner_.commit(std::move(matches), by);
        --refusals;
        return refused();
    }
    Answer<Success> put(QueueRecord queue) override { return inner_.put(std::move(queue)); }
    Answer<Success> remove_queue(std::string name) override { return inner_.remove_queue(std::move(name)); }
    Answer<std::vector<QueueRecord>> queues() override { return inner_.queues(); }
    Answer<Joined> join(match::Ticket ticket) override { return inner_.join(std::move(ticket)); }
    Answer<Left> cancel(TicketId ticket, Time now) override { return inner_.cancel(ticket, now); }
    Answer<match::Ticket> change(TicketId ticket, std::vector<match::Player> players, Time now) override {
        return inner_.change(ticket, std::move(players), now);
    }
    Answer<Success> advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) override {
        return inner_.advance(std::move(match), std::move(put_back), now, by);
    }
    Answer<std::vector<TicketId>> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since, Time now,
                                         Epoch by) override {
        return inner_.expire(std::move(tickets), std::move(reason), unless_seen_since, now, by);
    }
    Answer<Success> touch(std::vector<TicketId> tickets, Time now) override { return inner_.touch(std::move(tickets), now); }
    Answer<match::Ticket> ticket(TicketId id) override { return inner_.ticket(id); }
    Answer<std::vector<match::Ticket>> tickets(std::vector<TicketId> ids) override { return inner_.tickets(std::move(ids)); }
    Answer<match::Ticket> ticket_of(std::string tenant, std::string player) override {
        return inner_.ticket_of(std::move(tenant), std::move(player));
    }
    Answer<match::Match> match(MatchId id) override { return inner_.match(id); }
    Answer<std::vector<match::Match>> matches(MatchFilter filter) override { return inner_.matches(std::move(filter)); }
    Answer<std::vector<match::Ticket>> waiting(std::optional<TicketId> after, std::size_t limit) override {
        if (is_slow) co_await asking_.wait();
        co_return co_await inner_.waiting(after, limit);
    }
    Answer<std::vector<MatchEvent>> events(EventFilter filter) override { return inner_.events(std::move(filter)); }
    Answer<std::uint64_t> last_event() override { return inner_.last_event(); }
    Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) override {
        return inner_.ratings(std::move(queue), std::move(players));
    }
    Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) override { return inner_.rate(match, std::move(ratings), by); }
    Answer<std::size_t> prune(Time over_before, std::size_t limit) override { return inner_.prune(over_before, limit); }
    Answer<Epoch> next_epoch() override { return inner_.next_epoch(); }
    std::shared_ptr<void> watch(std::function<void()> changed) override { return inner_.watch(std::move(changed)); }
    std::shared_ptr<void> watch_queues(std::function<void()> changed) override { return inner_.watch_queues(std::move(changed)); }

private:
    static Answer<std::vector<Committed>> refused() {
        co_return std::unexpected(StoreError{StoreError::Kind::conflict, "PostgreSQL: duplicate key value violates unique constraint"});
    }

    MatchStore& inner_;
    async::WaitQueue asking_;
};

}  // namespace gk::app
