#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "domain/match/simulate/arrival.hpp"

namespace gk::match {

// What players are like, for traces that are made up:
// "skill=normal(1500,300),mode=pick(ranked:3,casual:1),latency.eu=normal(40,15),party=pick(1:8,2:1)".
struct Population {
    struct Normal {
        double mean;
        double deviation;
    };
    struct Uniform {
        double least;
        double most;
    };
    struct Pick {
        std::vector<std::pair<std::string, double>> words;  // Each with its weight.
    };
    struct Trait {
        std::string name;
        std::variant<Normal, Uniform, Pick> how;
    };
    std::vector<Trait> attributes;
    std::vector<Trait> latencies;  // By region; milliseconds.
    std::vector<std::pair<std::uint32_t, double>> party_sizes = {{1, 1.0}};
};

// The error is a sentence with cause and cure.
Result<Population, std::string> read_population(std::string_view text);

struct MadeUp {
    double each_second = 1;  // Tickets, on average; when exactly is chance (a Poisson process).
    Milliseconds duration{};
    std::uint64_t seed = 1;
};
// The same answer for the same wish. Numbers have three digits behind the point, so that the last bit of somebody's logarithm does not matter.
std::vector<Arrival> make_up(const Population& population, MadeUp wish);

}  // namespace gk::match
