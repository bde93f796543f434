#pragma once

#include <cstdint>
#include <deque>

#include "base/time.hpp"

// What of the sessions at a datagram route is somebody who plays. Lists of servers, scanners and lost clients send a packet now and then; whoever
// plays sends several a second, also when he does nothing.
namespace gk::wake {

// So many datagrams a second a session sends at least while somebody plays, averaged over the window.
struct NoiseRule {
    double datagrams_per_second = 1;  // 0: each session is somebody.
    Milliseconds window = std::chrono::seconds(30);
};

// Of one route, as one edge counts it. All times are of one clock that never jumps.
class NoiseGate {
public:
    // `datagrams`: from players, since the edge began to count; less than before is another edge that begins anew.
    void heard(Time at, std::uint64_t sessions, std::uint64_t datagrams, const NoiseRule& rule);
    // At most as many of the sessions as so many datagrams can be of. Until a window has gone by each session is somebody: who has just come must
    // not be overlooked.
    std::uint64_t players(const NoiseRule& rule) const;

private:
    struct Count {
        Time at{};
        std::uint64_t sessions = 0;
        std::uint64_t datagrams = 0;
    };
    std::deque<Count> counts_;  // Oldest first: the newest that is as old as the window, and all behind it.
};

}  // namespace gk::wake
