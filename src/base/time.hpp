#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gk {

using Milliseconds = std::chrono::milliseconds;
// UTC with the precision of the API. Which clock a value came from is said where it is made (ports/clock.hpp).
using Time = std::chrono::sys_time<Milliseconds>;

// "2026-11-21T03:04:05.678Z".
std::string rfc3339(Time time);
// Accepts what rfc3339() writes, with 0 to 3 fraction digits, in UTC ("Z") only.
std::optional<Time> parse_rfc3339(std::string_view text);

// "1h30m", "90s", "250ms": one or more whole numbers with the units d, h, m, s, ms, in falling order. Never negative; at most 10 years.
std::optional<Milliseconds> parse_duration(std::string_view text);
// The shortest text that parse_duration() reads back to the same value, for example "1m30s".
std::string duration_text(Milliseconds duration);

}  // namespace gk
