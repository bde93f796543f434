#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/simulate/simulation.hpp"

namespace gk::match {

// Of numbers that were really measured: nearest-rank percentiles. All zero when there were none.
struct Figures {
    std::size_t count = 0;
    double mean = 0;
    double p5 = 0, p50 = 0, p95 = 0, p99 = 0, most = 0;
    bool operator==(const Figures&) const = default;
};
Figures figures_of(std::vector<double> numbers);

// By which number of the players matches are called good or bad.
struct Yardstick {
    std::string attribute;
    std::optional<double> fallback;  // Of players who have none; else they do not count.
};
// The number that the rules compare, or the first one that players of the trace bring; none: nobody brings any.
std::optional<Yardstick> yardstick_for(std::span<const std::vector<Stage>> rule_sets, std::span<const Arrival> arrivals);
// The same for an attribute by name.
Yardstick yardstick_named(const std::string& attribute, std::span<const std::vector<Stage>> rule_sets);

struct Report {
    std::size_t tickets = 0;
    // Players.
    std::size_t players = 0, matched = 0, waiting = 0, expired = 0, cancelled = 0, unfit = 0;
    std::size_t matches = 0;
    std::map<std::size_t, std::size_t> sizes;  // Matches by their number of players.
    Figures waits;                             // Milliseconds, of the players who were matched.
    Figures quality;                           // 0 to 1, as the engine says.
    std::string measured_by;                   // What the next two are of; empty: nothing to measure.
    Figures spreads;                           // From the least to the greatest player of a match.
    Figures gaps;                              // From the weakest to the strongest team's average.
    Figures latencies;                         // Milliseconds, of each player to the region of the match.
    // Who waits longer than others: waits of the tenth of players with the least of the measured number, of the tenth with the most, and of the rest.
    struct Group {
        double least = 0, most = 0;
        Figures waits;  // To the end of the waiting, whatever the end was.
        std::size_t unmatched = 0;
    };
    std::vector<Group> groups;
    std::string unfit_example;
    struct Starved {
        std::vector<std::string> players;
        Milliseconds waited{};
        Simulation::Left::How how = Simulation::Left::How::waiting;
        std::optional<double> measured;
        Explanation explanation;
    };
    std::vector<Starved> starved;  // The longest waits without a match, the longest first.
    Milliseconds ended_at{};
};
Report report_of(const Simulation& simulation, std::span<const Arrival> arrivals, const std::optional<Yardstick>& by);

// One match: how long its players waited on average, and how far apart they are.
struct MatchPoint {
    double waited_ms = 0;
    double spread = 0;
};
std::vector<MatchPoint> points_of(const Simulation& simulation, std::span<const Arrival> arrivals, const Yardstick& by);

Value to_value(const Report& report);

}  // namespace gk::match
