#pragma once

#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace gk::schedule {

// A cron line, in UTC: "minute hour day-of-month month day-of-week".
struct Cron {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;    // 1 to 31.
    std::bitset<13> months;  // 1 to 12.
    std::bitset<7> weekdays;  // 0 is Sunday.
    // As cron has always done it: when both the day and the weekday are restricted (neither begins with '*'), either one is enough.
    bool either_day = false;
    bool operator==(const Cron&) const = default;
};

// Each field is '*' or a list of numbers and ranges, each with an optional step: "*/15", "1-5", "0,30", "8-18/2". Months and weekdays have
// English names of three letters, in any case; 7 is Sunday too. The error is a sentence that names the field.
Result<Cron, std::string> parse_cron(std::string_view line);

// The first minute later than `after` that the line names. Nothing when there is none within the eight years that contain every day that
// exists ("0 0 30 2 *").
std::optional<Time> next_after(const Cron& cron, Time after);

// Whether the line has come up between the last time it fired (or, before the first time, when it was made) and now. However many times
// it came up in between, it fires once: the caller then keeps `now` as the last time.
bool is_due(const Cron& cron, Time last_fired_or_made, Time now);

}  // namespace gk::schedule
