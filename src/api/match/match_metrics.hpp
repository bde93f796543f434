#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "api/metrics.hpp"
#include "app/fleet/fleets.hpp"
#include "ports/match_store.hpp"

namespace gk::api {

// What /metrics shows of matchmaking. Counted where matches are made only, so that several replicas add up to what happened. Names of queues and
// fleets are labels: they come from operators.
class MatchMetrics {
public:
    // Shown on this page.
    explicit MatchMetrics(Metrics& page);
    ~MatchMetrics();

    // Counts what happened to a ticket, and to its match when this is the first word of it. `queue`: of the match that is "assigned"; empty: not
    // known. `now`: when it was heard.
    void count(const MatchEvent& event, const std::string& queue, Time now);
    // A look at a queue has taken so long, with what it waited for its turn.
    void count_look(const std::string& queue, Milliseconds took);
    // A server of this fleet that waited was given to a match.
    void count_allocation(const std::string& fleet);
    // Those that are there; others are shown no more.
    void set_waiting(const std::map<std::string, std::size_t>& by_queue);
    void set_fleets(const std::map<std::string, app::Fleets::Counts>& by_name);

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

// Counts every event that the store tells of from now on while `is_counted` says so, until it is cancelled.
Task<void> count_match_events(MatchStore& store, Clock& clock, MatchMetrics& metrics, std::function<bool()> is_counted);

}  // namespace gk::api
