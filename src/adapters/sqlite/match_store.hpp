#pragma once

#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/sqlite/database.hpp"
#include "async/watchers.hpp"
#include "ports/match_store.hpp"

namespace gk::sqlite {

// Tickets and matches in the file of one process. Joins that come while a commit is on its way to the disk share the next one (database.hpp).
class SqliteMatchStore final : public MatchStore {
public:
    SqliteMatchStore(boost::asio::any_io_executor loop, Database& db) : db_(db), watchers_(std::move(loop)) {}

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
    Answer<std::uint64_t> last_event() override;
    Answer<std::vector<PlayerRating>> ratings(std::string queue, std::vector<std::string> players) override;
    Answer<bool> rate(MatchId match, std::vector<PlayerRating> ratings, WrittenBy by) override;
    Answer<std::size_t> prune(Time over_before, std::size_t limit) override;
    Answer<Epoch> next_epoch() override;
    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }

private:
    Answer<Success> change_queues(Work<Success> work);

    Database& db_;
    // As they are in the file, which nobody else changes: each join asks for them. Absent: to be read.
    std::optional<std::vector<QueueRecord>> known_queues_;
    std::uint64_t queue_changes_ = 0;
    async::Watchers<> watchers_;
};

}  // namespace gk::sqlite
