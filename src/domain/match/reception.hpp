#pragma once

#include <optional>

#include "base/time.hpp"
#include "domain/match/match.hpp"

namespace gk::match {

// What is to become of those who came into a match that runs and do not know yet where it is. Pure.
struct Reception {
    Match match;                // As it is to be stored.
    bool is_changed = false;
    bool has_newcomers = false; // Its server is to let somebody in, before the match is stored.
    std::optional<Time> due;    // When to look again although nobody has answered.
};

// With an `acceptance` they are asked first and have so long to answer, a party together: all say yes, or all of it leave again, at the first no or
// when the time is over. Who has been asked is waited for, whatever has become of the queue.
Reception receive(Match match, Milliseconds acceptance, Time now);

}  // namespace gk::match
