#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "app/error.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

// How a queue does, by its matches of the last hour as they are stored: any control plane says the same, whoever makes the matches.
struct QueueStatistics {
    struct Window {
        Time since{};              // From when on they are counted: later than was asked for when there are very many.
        std::uint64_t made = 0;    // Matches, also those that failed afterwards.
        std::uint64_t live = 0;    // Of them, those that go on.
        std::map<std::string, std::uint64_t> failed;  // Of them, by reason: their players waited again.
        // How long half of the tickets, and 95 of a hundred, waited for their match to be found, without the start of its server; nothing while there
        // was none.
        std::optional<Milliseconds> wait_p50, wait_p95;
    };
    Window five_minutes, hour;
};
// At most so many of the newest matches are counted.
inline constexpr std::size_t counted_most = 1'000;

Task<Result<QueueStatistics, Error>> statistics_of(MatchStore& store, std::string tenant, std::string queue, Time now);

}  // namespace gk::app
