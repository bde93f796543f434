#include "programs/load/tally.hpp"

#include <algorithm>

namespace gk::programs {

Spread spread_of(std::vector<Milliseconds> durations) {
    if (durations.empty()) return {};
    std::ranges::sort(durations);
    const auto at = [&durations](std::size_t percent) {
        const auto rank = (durations.size() * percent + 99) / 100;
        return durations[std::max<std::size_t>(rank, 1) - 1];
    };
    return {.count = durations.size(), .p50 = at(50), .p95 = at(95), .p99 = at(99), .most = durations.back()};
}

void Tally::fail(const LoadError& error) {
    ++failed;
    auto& kind = faults[error.fault];
    if (kind.count++ == 0) kind.example = error.detail;
}

}  // namespace gk::programs
