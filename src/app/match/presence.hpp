#pragma once

#include <unordered_set>

#include "async/signal.hpp"
#include "ports/clock.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// Writes down who of those that wait was heard of here, once a second for all of them together: the one who ends the silent ones may be another
// process, now or after the next crash.
class Presence {
public:
    Presence(MatchStore& store, Clock& clock) : store_(store), clock_(clock) {}

    void note(TicketId ticket);
    // Until it is cancelled.
    Task<void> run();

private:
    MatchStore& store_;
    Clock& clock_;
    std::unordered_set<TicketId> heard_;
    async::Signal news_;
};

}  // namespace gk::app
