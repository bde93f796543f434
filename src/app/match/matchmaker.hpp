#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/match/backfills.hpp"
#include "app/match/match_audit.hpp"
#include "app/match/match_servers.hpp"
#include "app/match/patience.hpp"
#include "app/match/placement.hpp"
#include "app/match/queue_engine.hpp"
#include "app/match/shadow.hpp"
#include "app/match/shift.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"
#include "ports/random.hpp"

namespace gk::app {

struct MatchmakerPorts {
    MatchStore& store;
    MatchServers& servers;
    Clock& clock;
    Random& random;
    OffLoop off_loop;
    // Told how long each look at a queue took; for whoever measures.
    std::function<void(const std::string& queue, Milliseconds took)> looked = {};
};

struct MatchmakerLimits {
    Milliseconds between_looks{50};  // At each queue.
    PlacementLimits placement;
    std::size_t page = 5'000;
};

// Makes matches of tickets; one at work for all queues. Whatever it hears only adds to what the store says: it follows the store's events, proposes,
// and believes what was committed. A start reads everything anew, so it may end at any point.
class Matchmaker {
public:
    Matchmaker(MatchmakerPorts ports, MatchmakerLimits limits);
    ~Matchmaker();

    // Takes the next epoch and works until a newer matchmaker is found to be at work (returns why) or the task is cancelled (throws). May be run
    // again when it has returned.
    Task<std::string> run();

    // What this process knows first: a ticket it has just stored, somebody it has just heard of, a queue that was changed. All but the second would
    // be heard of anyway.
    void note(const match::Ticket& ticket);
    void note_seen(TicketId ticket);
    void note_queues();

    // Nothing when the ticket does not wait there, or nobody is at work here.
    Task<std::optional<match::Explanation>> explain(std::string queue, TicketId ticket);
    std::optional<std::size_t> waiting(const std::string& queue) const;
    // Tickets that ended without a match since then, or since work began; an hour is remembered.
    std::optional<std::uint64_t> expired(const std::string& queue, Time since) const;
    // How the rules that are tried beside those of a queue would do; nothing when there are none, or nobody is at work here.
    std::optional<Shadow::Report> shadow(const std::string& queue) const;
    // Compares matches with their servers. It happens by itself too, when work begins and every five minutes. Nothing when nobody is at work here, or
    // the servers are not known yet.
    Task<std::optional<MatchAudit>> audit();
    bool is_at_work() const { return shift_ != nullptr; }

private:
    struct Queue;
    using Queues = std::map<std::string, std::shared_ptr<Queue>>;

    Task<void> work(async::TaskGroup& tasks);
    Task<bool> read_queues(async::TaskGroup& tasks);
    bool use(QueueRecord record, async::TaskGroup& tasks);
    bool change(Queue& queue, QueueRecord record);
    void begin_shadow(Queue& queue);
    Task<bool> read_waiting();
    Task<std::optional<std::vector<match::Match>>> live_matches();
    Task<bool> adopt_matches(std::vector<match::Match>& live);
    Task<void> keep_auditing();
    Task<std::optional<MatchAudit>> compare();
    Task<std::size_t> release_idle(std::vector<MatchServers::Held> held, const std::vector<match::Match>& live);
    Task<std::size_t> end_lost(const std::vector<match::Match>& live);
    void resume_matches(async::TaskGroup& tasks, std::vector<match::Match> live);

    Task<void> follow(async::TaskGroup& tasks, std::uint64_t after);
    Task<void> heed(async::TaskGroup& tasks, const std::vector<MatchEvent>& events);
    Task<void> take_in(std::vector<TicketId> tickets);
    void wait_in_queues(const match::Ticket& ticket);
    void forget(TicketId ticket);
    std::vector<std::shared_ptr<Queue>> queues_of(TicketId ticket) const;
    void doubt(TicketId ticket);

    void note_placement(const std::string& queue, bool is_found);
    Milliseconds acceptance_of(const std::string& queue) const;
    void tell_engine(const std::string& queue, QueueEngine::Running running);
    Task<void> tend(Queue& queue, async::TaskGroup& tasks);
    Task<void> look_for_shadow(Queue& queue, Time now);
    Task<void> commit(Queue& queue, std::vector<QueueEngine::Found> found, async::TaskGroup& tasks);
    void give_back(const Queue& queue, const std::vector<match::Match>& matches, const std::vector<bool>& is_new);
    match::Match new_match(const Queue& queue, QueueEngine::Found found);
    void settle(Queue& queue, const match::Match& match, const MatchStore::Committed& outcome);
    Task<void> lose_patience();
    Task<void> expire(std::vector<TicketId> tickets, std::string reason, std::optional<Time> unless_seen_since);

    MatchmakerPorts ports_;
    MatchmakerLimits limits_;
    std::unique_ptr<Shift> shift_;
    std::unique_ptr<Placement> placement_;
    std::unique_ptr<Backfills> backfills_;
    async::TaskGroup* tasks_ = nullptr;  // Null while nobody works.
    Queues queues_;
    std::unordered_map<TicketId, std::vector<std::string>> waiting_;  // In which queues.
    std::set<TicketId> doubtful_;  // To be read again.
    Patience patience_;
    async::Signal news_;
    async::Signal joined_;  // For whoever waits for the next one to lose patience.
    bool queues_changed_ = false;
};

}  // namespace gk::app
