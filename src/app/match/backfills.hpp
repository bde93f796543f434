#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "app/match/match_servers.hpp"
#include "app/match/queue_engine.hpp"
#include "app/match/shift.hpp"
#include "async/signal.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// Matches that run and take others in. Whoever came in is asked where its queue asks, and then told where the match is, and the engine of its queue
// knows whom the match has and how many more it would take. Whatever is noted here only makes it look at what the store says of the match.
class Backfills {
public:
    // The engine of this queue is to fill up the match; with no open slot, to do so no longer.
    using Tell = std::function<void(const std::string& queue, QueueEngine::Running running)>;
    // How long players of this queue have to accept; zero: they are not asked.
    using Acceptance = std::function<Milliseconds(const std::string& queue)>;
    Backfills(MatchStore& store, MatchServers& servers, Clock& clock, Shift& shift, Tell tell, Acceptance acceptance)
        : store_(store),
          servers_(servers),
          clock_(clock),
          shift_(shift),
          tell_(std::move(tell)),
          acceptance_(std::move(acceptance)) {}

    // Others came in, or were asked for.
    void note(MatchId match);
    // Somebody has left: of interest when others are taken in.
    void note_left(MatchId match);
    // Somebody has accepted or declined: of interest when it came into a match that runs.
    void note_answer(MatchId match);
    void note_over(MatchId match);
    // The engine of this queue begins anew.
    void note_rules(const std::string& queue);

    // Until the shift is over, or it is cancelled.
    Task<void> run();

private:
    Task<void> look(MatchId id);
    Task<void> wait_for_news();
    Task<void> receive(match::Match match);
    Task<void> open(match::Match match);
    void close(MatchId match);

    MatchStore& store_;
    MatchServers& servers_;
    Clock& clock_;
    Shift& shift_;
    Tell tell_;
    Acceptance acceptance_;
    std::unordered_map<MatchId, std::string> open_;  // Those that others are taken into, by their queue.
    std::set<MatchId> noted_;
    std::map<MatchId, Time> due_;  // Those with somebody who is asked, and until when.
    async::Signal news_;
};

}  // namespace gk::app
