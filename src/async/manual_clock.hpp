#pragma once

#include <optional>

#include "async/wait_queue.hpp"
#include "base/time.hpp"
#include "ports/clock.hpp"

namespace gk::async {

// A clock for tests and the simulator: its time moves only when told. Sleepers wake in the order of their deadlines, each in a later turn of the
// loop (io_context::poll() or run_one()).
class ManualClock : public Clock {
public:
    explicit ManualClock(Time start = Time(Milliseconds(1'800'000'000'000))) : now_(start) {}

    Time now() const override { return now_; }
    // The calendar goes with now(), `skew` apart.
    Time calendar() const override { return now_ + skew_; }
    Task<void> sleep_until(Time when) override {
        if (when > now_) co_await sleepers_.wait(when.time_since_epoch().count());
    }

    void advance(Milliseconds duration) {
        now_ += duration;
        sleepers_.wake_up_to(now_.time_since_epoch().count());
    }
    // When the next sleeper is due; nullopt when nobody sleeps.
    std::optional<Time> next_due() const {
        const auto rank = sleepers_.first_rank();
        return rank ? std::optional(Time(Milliseconds(*rank))) : std::nullopt;
    }
    // Goes on to the next sleeper's time. False when nobody sleeps.
    bool advance_to_next() {
        const auto due = next_due();
        if (due) advance(*due - now_);
        return due.has_value();
    }
    void set_skew(Milliseconds skew) { skew_ = skew; }
    std::size_t sleepers() const { return sleepers_.size(); }

private:
    Time now_;
    Milliseconds skew_{0};
    WaitQueue sleepers_;
};

}  // namespace gk::async
