#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/match/engine.hpp"
#include "domain/match/simulate/arrival.hpp"

namespace gk::match {

struct SimulationOptions {
    Engine::Options engine;
    Milliseconds between_looks{50};                            // As the matchmaker's.
    Milliseconds ticket_ttl = std::chrono::seconds(300);       // As the queue's.
    std::optional<Milliseconds> until;                         // When it ends; else with the last arrival.
};

// What the queue's engine would have made of a trace. Arrivals are named by their place in it.
struct Simulation {
    struct Placed {
        std::size_t arrival = 0;
        std::uint32_t team = 0;
    };
    struct Made {
        Milliseconds at{};
        std::vector<Placed> placed;
        std::string region;
        double quality = 0;
    };
    // Who was in no match.
    struct Left {
        enum class How : std::uint8_t { waiting, expired, cancelled, unfit };
        std::size_t arrival = 0;
        How how = How::waiting;
        Milliseconds waited{};
        std::string why;                           // Of unfit: what the engine says.
        std::optional<Explanation> explanation{};  // Of the longest waits only.
    };
    std::vector<Made> made;
    std::vector<Left> left;
    Milliseconds ended_at{};
};
inline constexpr auto left_names = std::to_array<std::string_view>({"waiting", "expired", "cancelled", "unfit"});
constexpr std::span<const std::string_view> names_of(Simulation::Left::How) { return left_names; }

// So many of those who were in no match are explained.
inline constexpr std::size_t explained_most = 5;

// Replays a trace, whose arrivals stand in the order of their times, through the very engine of a queue. Nothing waits: the clock goes from one
// event to the next. The same arguments give the same answer on any machine.
Simulation simulate(std::span<const Arrival> arrivals, const std::vector<Stage>& stages, const SimulationOptions& options);

}  // namespace gk::match
