#include "domain/wake/start_times.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"

namespace gk::wake {

std::optional<Milliseconds> percentile(std::vector<Milliseconds> times, int percent) {
    ASSERT(percent > 0 && percent <= 100, "a percentage");
    if (times.empty()) return std::nullopt;
    const auto rank = (times.size() * static_cast<std::size_t>(percent) + 99) / 100;  // Counted from 1.
    const auto at = times.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::ranges::nth_element(times, at);
    return *at;
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
