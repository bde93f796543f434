#include "domain/wake/start_times.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace gk::wake {

void StartTimes::add(Milliseconds took) {
    if (last_.size() == kept) last_.erase(last_.begin());
    last_.push_back(took);
}

std::optional<Milliseconds> StartTimes::percentile(int percent) const {
    ASSERT(percent > 0 && percent <= 100, "a percentage");
    if (last_.empty()) return std::nullopt;
    auto sorted = last_;
    std::ranges::sort(sorted);
    const auto rank = (sorted.size() * static_cast<std::size_t>(percent) + 99) / 100;  // The nearest rank, counted from 1.
    return sorted[rank - 1];
}

std::string wait_text(Milliseconds wait) {
    constexpr std::int64_t step_s = 5;
    constexpr std::int64_t minutes_from_s = 90;
    const auto seconds = (wait.count() + 999) / 1000;
    if (seconds <= 2) return "a moment";
    if (seconds <= minutes_from_s) return fmt::format("about {} seconds", (seconds + step_s - 1) / step_s * step_s);
    return fmt::format("about {} minutes", (seconds + 59) / 60);
}

}  // namespace gk::wake
