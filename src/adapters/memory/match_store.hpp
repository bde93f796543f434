#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "async/watchers.hpp"
#include "domain/match/step.hpp"
#include "ports/match_store.hpp"

namespace gk::memory {

// What a MatchStore remembers, as plain data that outlives it (state.hpp).
struct MatchState {
    struct StoredTicket {
        match::Ticket ticket;
        std::uint64_t order = 0;  // Of its join.
        Time seen_at{};
        std::optional<Time> over_at;
    };
    struct StoredMatch {
        match::Match match;
        std::uint64_t order = 0;
        std::optional<Time> over_at;
        bool is_rated = false;
    };
    using TenantPlayer = std::pair<std::string, std::string>;

    std::map<std::string, QueueRecord> queues;
    std::map<TicketId, StoredTicket> tickets;
    std::map<TenantPlayer, TicketId> live_tickets;  // One for each player.
    std::map<TenantPlayer, TicketId> newest_tickets;
    std::map<MatchId, StoredMatch> matches;
    std::map<TenantPlayer, MatchId> live_matches;
    std::vector<MatchEvent> events;
    std::uint64_t last_event = 0;
    std::uint64_t last_order = 0;
    std::map<std::pair<std::string, std::string>, PlayerRating> ratings;  // By queue and player.
    Epoch epoch{};

    std::set<async::Watchers<>*> replicas;  // Of the stores that are there now.
    std::set<async::Watchers<>*> queue_watchers;
};

// An honest MatchStore that only forgets when its state does. Several over one state are replicas: they see each other's changes, and wake each
// other's watchers.
class MemoryMatchStore final : public MatchStore {
public:
    MemoryMatchStore(boost::asio::any_io_executor loop, std::shared_ptr<MatchState> state)
        : state_(std::move(state)),
          watchers_(loop),
          queue_watchers_(std::move(loop)) {
        state_->replicas.insert(&watchers_);
        state_->queue_watchers.insert(&queue_watchers_);
    }
    MemoryMatchStore(const MemoryMatchStore&) = delete;
    MemoryMatchStore& operator=(const MemoryMatchStore&) = delete;
    ~MemoryMatchStore() override {
        state_->replicas.erase(&watchers_);
        state_->queue_watchers.erase(&queue_watchers_);
    }

    Answer<Success> put(QueueRecord queue) override;
    Answer<Success> remove_queue(std::string name) override;
    Answer<std::vector<QueueRecord>> queues() override;
    Answer<Joined> join(match::Ticket ticket) override;
    Answer<Left> cancel(TicketId ticket, Time now) override;
    Answer<match::Ticket> change(TicketId ticket, std::vector<match::Player> players, Time now) override;
    Answer<std::vector<Committed>> commit(std::vector<match::Match> matches, Epoch by) override;
    Answer<Success> advance(match::Match match, std::vector<TicketId> put_back, Time now, WrittenBy by) override;
    Answer<std::vector<TicketId>> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since, Time now,
                                         Epoch by) override;
    Answer<Success> touch(std::vector<TicketId> tickets, Time now) override;
    Answer<match::Ticket> ticket(TicketId id) override;
    Answer<std::vector<match::Ticket>> tickets(std::vector<TicketId> ids) override;
    Answer<match::Ticket> ticket_of(std::string tenant, std::string player) override;
    Answer<match::Match> match(MatchId id) override;
    Answer<std::vector<match::Match>> matches(MatchFilter filter) override;
    Answer<std::vector<match::Ticket>> waiting(std::optional<TicketId> after, std::size_t limit) override;
    Answer<std::vector<MatchEvent>> events(EventFilter filter) override;
    Answer<std::uint64_t> last_event() override { co_return state_->last_event; }
    Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) override;
    Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) override;
    Answer<std::size_t> prune(Time over_before, std::size_t limit) override;
    Answer<Epoch> next_epoch() override;
    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }
    std::shared_ptr<void> watch_queues(std::function<void()> changed) override { return queue_watchers_.add(std::move(changed)); }

private:
    using StoredTicket = MatchState::StoredTicket;

    std::optional<Joined> known(const match::Ticket& ticket) const;
    Committed commit_one(const match::Match& proposed);
    void claim(const match::Match& match, const std::vector<match::Member>& members, Time now);
    void follow(const match::Step& step, const match::TicketStep& it, Time now);
    void end(StoredTicket& stored, match::TicketState state, std::string reason, Time now);
    void tell(const match::Ticket& ticket, Time at, std::string_view what, std::string detail = {});
    Result<StoredTicket*, StoreError> find(TicketId id);
    std::size_t prune_tickets(Time over_before, std::size_t limit);
    std::size_t prune_matches(Time over_before, std::size_t limit);

    std::shared_ptr<MatchState> state_;
    async::Watchers<> watchers_;
    async::Watchers<> queue_watchers_;
};

}  // namespace gk::memory
