#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/enum_names.hpp"
#include "tests/sim/dice.hpp"

namespace gk::sim {

// What goes wrong between players and games, beside the faults of a machine; each for every turn of faults (Pace::faults_every). Each seed switches
// whole families on or off.
struct StreetFaults {
    double edge_killed = 0;     // It is back within moments, or after minutes.
    double stream_cut = 0;      // Between the edge and the control plane.
    double control_stands = 0;  // As if somebody had sent it SIGSTOP.
    double probes_missing = 0;  // No game says how many are in it.

    static StreetFaults for_seed(Dice& dice) {
        const auto maybe = [&](double probability) { return dice.chance(0.5) ? probability : 0; };
        return {.edge_killed = maybe(0.1), .stream_cut = maybe(0.1), .control_stands = maybe(0.05), .probes_missing = maybe(0.1)};
    }
};

// Defects that are built in on purpose, to prove that the rules of this street would find them.
enum class StreetPlant : std::uint8_t {
    none,
    unknown_is_nobody,     // A probe that is missing says that nobody is there.
    players_hidden,        // A game that is asked to stop for sleep says that nobody is in it.
    knocks_dropped,        // No control plane hears of knocks.
    edge_keeps_old_table,  // The edge takes no table but its first.
};
inline constexpr auto street_plant_names =
    std::to_array<std::string_view>({"none", "unknown_is_nobody", "players_hidden", "knocks_dropped", "edge_keeps_old_table"});
constexpr std::span<const std::string_view> names_of(StreetPlant) { return street_plant_names; }

}  // namespace gk::sim
