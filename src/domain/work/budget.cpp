#include "domain/work/budget.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace gk::work {

using namespace std::chrono_literals;

Budget::Budget(Limits limits) : each_(std::chrono::microseconds(1s) / limits.per_second), burst_(each_ * (limits.burst - 1)) {
    ASSERT(limits.per_second > 0 && limits.burst > 0, "a budget of nothing would wait forever");
}

Time Budget::reserve(Time now) {
    paid_until_ = std::max(paid_until_, std::chrono::sys_time<std::chrono::microseconds>(now));
    const auto granted = std::chrono::ceil<Milliseconds>(paid_until_ - burst_);
    paid_until_ += each_;
    return std::max(now, granted);
}

}  // namespace gk::work
