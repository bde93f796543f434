#pragma once

#include <algorithm>

#include "base/time.hpp"

namespace gk::wire::kubernetes {

// Waits that double, each with up to as much again by luck, so that many clients do not come back at the same moment. Starts small again when
// there was nothing to wait for in the meantime.
class Backoff {
public:
    struct Limits {
        Milliseconds first{800};
        Milliseconds most{30'000};
        Milliseconds forgotten_after{120'000};
    };
    Backoff() = default;
    explicit Backoff(Limits limits) : limits_(limits), delay_(limits.first) {}

    // `luck`: from 0 to below 1.
    Milliseconds next(Time now, double luck) {
        if (now - last_ > limits_.forgotten_after) delay_ = limits_.first;
        last_ = now;
        const auto delay = delay_;
        delay_ = std::min(delay_ * 2, limits_.most);
        return delay + Milliseconds(static_cast<Milliseconds::rep>(static_cast<double>(delay.count()) * luck));
    }

private:
    Limits limits_;
    Milliseconds delay_ = limits_.first;
    Time last_;
};

}  // namespace gk::wire::kubernetes
