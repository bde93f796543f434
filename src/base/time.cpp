#include "base/time.hpp"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace gk {
namespace {

struct Unit {
    std::string_view name;
    Milliseconds length;
};
constexpr std::array units = {
    Unit{"d", std::chrono::days(1)},    Unit{"h", std::chrono::hours(1)}, Unit{"m", std::chrono::minutes(1)},
    Unit{"s", std::chrono::seconds(1)}, Unit{"ms", Milliseconds(1)},
};
constexpr Milliseconds duration_max = std::chrono::days(3653);

std::optional<int> number(std::string_view text, std::size_t at, std::size_t count) {
    if (at + count > text.size()) return std::nullopt;
    int value = 0;
    const char* first = text.data() + at;
    const auto [end, error] = std::from_chars(first, first + count, value);
    if (error != std::errc() || end != first + count || text[at] == '-') return std::nullopt;
    return value;
}

}  // namespace

std::string rfc3339(Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<Time> parse_rfc3339(std::string_view text) {
    if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' || text[16] != ':' || text.back() != 'Z') {
        return std::nullopt;
    }
    const auto year = number(text, 0, 4), month = number(text, 5, 2), day = number(text, 8, 2);
    const auto hour = number(text, 11, 2), minute = number(text, 14, 2), second = number(text, 17, 2);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    int millis = 0;
    const auto fraction = text.substr(19, text.size() - 20);
    if (!fraction.empty()) {
        const auto digits = fraction.size() - 1;
        const auto value = number(fraction, 1, digits);
        if (fraction[0] != '.' || digits < 1 || digits > 3 || !value) return std::nullopt;
        millis = *value * (digits == 1 ? 100 : digits == 2 ? 10 : 1);
    }
    const auto date = std::chrono::year(*year) / *month / *day;
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second) +
           Milliseconds(millis);
}

std::optional<Milliseconds> parse_duration(std::string_view text) {
    Milliseconds total{0};
    std::size_t next_unit = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc() || count < 0 || text[0] == '-') return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const auto name = text.substr(0, text.find_first_of("0123456789"));
        while (next_unit < units.size() && units[next_unit].name != name) ++next_unit;
        if (next_unit == units.size()) return std::nullopt;
        const auto length = units[next_unit++].length;
        if (count > duration_max / length) return std::nullopt;
        total += count * length;
        text.remove_prefix(name.size());
    }
    if (total > duration_max) return std::nullopt;
    return total;
}

std::string duration_text(Milliseconds duration) {
    if (duration <= Milliseconds(0)) return "0s";
    std::string out;
    for (const auto& unit : units) {
        const auto count = duration / unit.length;
        if (count > 0) out += fmt::format("{}{}", count, unit.name);
        duration -= count * unit.length;
    }
    return out;
}

}  // namespace gk
