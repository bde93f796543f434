#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_names.hpp"
#include "base/time.hpp"

namespace gk::programs {

// Where a life cycle failed.
enum class LoadFault : std::uint8_t {
    join,        // The front did not take the player, or did not answer.
    status,      // It did not say how the player's match is.
    expired,     // It gave the player up.
    no_match,    // There was no match within --match-limit.
    connect,     // The match server could not be reached within --connect-limit.
    turned_away, // It let the player not in (FULL, DENIED).
    cut_off,     // It went away, or stayed silent, before it said that the match is over.
    end,         // The front did not take the end.
    interrupted, // Whoever started the run ended it.
};
inline constexpr auto load_fault_names =
    std::to_array<std::string_view>({"join", "status", "expired", "no_match", "connect", "turned_away", "cut_off", "end", "interrupted"});
constexpr std::span<const std::string_view> names_of(LoadFault) { return load_fault_names; }

struct LoadError {
    LoadFault fault = LoadFault::join;
    std::string detail;
};

// Of durations that were measured; all zero when there were none.
struct Spread {
    std::size_t count = 0;
    Milliseconds p50{}, p95{}, p99{}, most{};
    bool operator==(const Spread&) const = default;
};
// The nearest-rank percentiles: each is a duration that was really measured.
Spread spread_of(std::vector<Milliseconds> durations);

// What happened in a run.
struct Tally {
    struct Faults {
        std::size_t count = 0;
        std::string example;  // The first one's detail.
    };

    std::size_t begun = 0;
    std::vector<Milliseconds> joined;     // From the wish to join to the front's answer.
    std::vector<Milliseconds> matched;    // From the wish to join until the player knows its match server.
    std::vector<Milliseconds> connected;  // From the wish to join until it is connected there.
    std::size_t ended_well = 0;
    std::size_t failed = 0;
    std::map<LoadFault, Faults> faults;

    void fail(const LoadError& error);
};

}  // namespace gk::programs
