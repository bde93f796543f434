#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/shared_writes.hpp"
#include "async/watchers.hpp"
#include "domain/match/step.hpp"
#include "ports/match_store.hpp"

namespace gk::postgres {

// Tickets and matches in a PostgreSQL database that several processes share. Changes are made by functions of the schema, one round trip for as many
// as wait; those whose rule is in the domain (the step of a match, a change of players) read first, and try again when another one was faster.
class PostgresMatchStore final : public MatchStore {
public:
    // Connects, and brings the schema up to date. `loop`, whose thread calls everything here, and `clock` outlive it, and it outlives its calls.
    static Answer<std::unique_ptr<PostgresMatchStore>> open(boost::asio::any_io_executor loop, Clock& clock, Options options);

    // Hears of what other processes change, until the task is cancelled. Without it, watchers hear of our own only.
    Task<void> run();

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
    std::shared_ptr<void> watch_queues(std::function<void()> changed) override { return queue_watchers_.add(std::move(changed)); }

private:
    struct Versioned {
        match::Match match;
        std::string version;
        std::string number;
    };
    PostgresMatchStore(boost::asio::any_io_executor loop, Clock& clock, Options options);
    Answer<Rows> ask(const char* sql, std::vector<std::string> values = {});
    // What others watch for, and what nobody does.
    Answer<Rows> tell(Statement statement);
    Answer<Rows> write(const char* sql, std::vector<std::string> values);
    Answer<Success> change_queue(Statement statement);
    Answer<Success> check_epoch(WrittenBy by);
    Answer<Versioned> versioned(MatchId id);
    Answer<Rows> page_of(const MatchFilter& filter, std::string before);
    Answer<Committed> commit_known(match::Match proposed, Epoch by);
    Answer<std::vector<TicketId>> those_that_do_not_wait(std::vector<match::Member> members);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Pool pool_;
    SharedWrites writes_;
    async::Watchers<> watchers_;
    async::Watchers<> queue_watchers_;
};

}  // namespace gk::postgres
