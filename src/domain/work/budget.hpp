#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace gk::work {

// How often something may be done: `per_second` in the long run, `burst` at once. In any span of t seconds at most burst + t * per_second are
// granted (I22).
class Budget {
public:
    struct Limits {
        std::int64_t per_second = 1;
        std::int64_t burst = 1;
    };
    explicit Budget(Limits limits);

    // Takes one, and says when it may be used: `now` or later. Whoever asks later never gets an earlier time, so that callers who wait for theirs
    // go in the order in which they asked.
    Time reserve(Time now);

private:
    // Counted in microseconds of the sustained rate: what is granted ahead of it is a debt, which time pays off.
    std::chrono::microseconds each_;
    std::chrono::microseconds burst_;
    std::chrono::sys_time<std::chrono::microseconds> paid_until_;
};

}  // namespace gk::work
