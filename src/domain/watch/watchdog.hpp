#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "domain/server/record.hpp"

// Which servers do not do what they should, although nothing of theirs has failed by the keeper's measure.
namespace gk::watch {

struct WatchdogRule {
    std::uint32_t failures_most = 3;                    // Measurements in a row.
    Milliseconds up_most = std::chrono::hours(8);       // 0: as long as it likes.
};

// What one look found. `is_measured`: the game answered who plays, or has never yet been able to.
struct WatchdogSample {
    Time at{};
    bool is_measured = true;
};

// What is remembered of a server between two looks.
struct Vigil {
    std::optional<Time> started_at;  // Of the process that is watched.
    std::uint32_t failures = 0;      // In a row.
    bool operator==(const Vigil&) const = default;
};

// absent: nothing can be said yet, and what people have been told stays.
struct Findings {
    std::optional<bool> not_measured;
    std::optional<bool> up_too_long;
    std::optional<bool> never_ready;
    bool operator==(const Findings&) const = default;
};
inline constexpr std::string_view not_measured = "not_measured";
inline constexpr std::string_view up_too_long = "up_too_long";
inline constexpr std::string_view never_ready = "never_ready";

// The next look at a server.
struct WatchdogLook {
    Vigil vigil;
    Findings findings;
};
WatchdogLook look_at(const Vigil& before, const WatchdogRule& rule, const server::Record& record, const WatchdogSample& sample);

}  // namespace gk::watch
