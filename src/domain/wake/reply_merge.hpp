#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "base/bytes.hpp"
#include "domain/wake/budget.hpp"

namespace gk::wake {

struct MergeLimits {
    std::size_t kept_max = 64;           // Replies of one leg; the oldest are dropped first.
    std::size_t kept_bytes_max = 16 * 1024;
    std::size_t expected_max = 256;      // Hashes of what a leg is still to say.
    Milliseconds matched_within{2'000};  // Older ones are not matched any more.
    Milliseconds silence{500};           // So long after the primary's last word another one may speak, before the primary counts as lost.
};

// One player at several games that say the same (a lockstep group): he hears the primary. What the others said before it is kept, so that when it is
// lost nothing is missing, and nothing comes twice. Two equal replies are two: each is matched once. Games whose words differ are no such group:
// then he hears, after the primary is lost, what the next one said meanwhile as well.
//
// Legs are numbered from 0, which is the primary; the next ones come up when one is lost. Pure: replies are known by their hash, and the time is
// handed in.
class ReplyMerge {
public:
    struct Reply {
        std::uint64_t hash = 0;
        Instant at{0};
        std::vector<std::byte> datagram;
    };
    struct Expected {
        std::uint64_t hash = 0;
        Instant at{0};
    };
    struct Leg {
        std::deque<Reply> kept;         // Said by it, and not by the primary.
        std::deque<Expected> expected;  // Heard by the player, and not said by it.
    };
    // All it knows.
    struct State {
        std::vector<Leg> legs;
        Instant last_heard{0};  // From the primary.
    };

    explicit ReplyMerge(State state) : state_(std::move(state)) {}
    // Whether the player is to hear this reply now.
    bool hears(std::size_t leg, std::uint64_t hash, ByteSpan datagram, Instant now);
    // The primary says nothing any more, and there is another leg: what the player is to hear at once, in its order.
    std::vector<std::vector<std::byte>> lose_primary(Instant now);
    void lose(std::size_t leg) { state_.legs.erase(state_.legs.begin() + static_cast<std::ptrdiff_t>(leg)); }
    // Whether another one has spoken for some time, and the primary has not.
    bool is_primary_silent(Instant now) const;
    const State& state() const { return state_; }

private:
    void heard_by_player(std::uint64_t hash, Instant now);

    State state_;
};

}  // namespace gk::wake
