#pragma once

#include <string>
#include <vector>

#include "app/caller.hpp"
#include "domain/match/simulate/arrival.hpp"
#include "ports/match_store.hpp"

namespace gk::app {

struct RecordingWish {
    std::string queue;
    Time since{};
    bool with_names = false;  // Else players are called p1, p2 ... in the order of their coming.
};
// At most so many tickets, so that nobody's question fills the memory.
inline constexpr std::size_t recorded_most = 100'000;

// Who came to a queue from then on, as far as the store still knows: a trace for match::simulate(), with times since `since`. What players brought
// along is what it was at last. Each ticket is asked for once, in pages, so that a long recording is in nobody's way.
Task<Result<std::vector<match::Arrival>, Error>> record(MatchStore& store, Caller caller, RecordingWish wish);

}  // namespace gk::app
