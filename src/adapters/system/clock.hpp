#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "ports/clock.hpp"

namespace gk::system {

// The machine's clocks. Other code gets time only through this port (tools/tidy), so that the simulator can own it.
class SystemClock final : public Clock {
public:
    explicit SystemClock(boost::asio::any_io_executor loop);

    Time now() const override;
    Time calendar() const override;
    Task<void> sleep_until(Time when) override;

private:
    boost::asio::any_io_executor loop_;
    Time started_at_;                                        // By the calendar ...
    std::chrono::steady_clock::time_point started_ticking_;  // ... and at the same moment by the monotonic clock.
};

}  // namespace gk::system
