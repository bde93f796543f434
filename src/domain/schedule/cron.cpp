#include "domain/schedule/cron.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::schedule {
namespace {

// From one leap day to the next it is at most eight years: 2096 to 2104.
constexpr int years_searched = 8;

constexpr auto month_names = std::to_array<std::string_view>({"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});
constexpr auto weekday_names = std::to_array<std::string_view>({"sun", "mon", "tue", "wed", "thu", "fri", "sat"});

struct Field {
    std::string_view what;
    int least;
    int most;
    std::span<const std::string_view> names;  // Of least, least + 1, ...
};
constexpr auto fields = std::to_array<Field>({{"minute", 0, 59, {}},
                                              {"hour", 0, 23, {}},
                                              {"day of the month", 1, 31, {}},
                                              {"month", 1, 12, month_names},
                                              {"day of the week", 0, 7, weekday_names}});

std::optional<int> number_in(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool good = error == std::errc{} && end == text.data() + text.size() && !text.empty() && text.front() != '-';
    return good ? std::optional(number) : std::nullopt;
}

std::optional<int> value_in(std::string_view text, const Field& field) {
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto name = std::ranges::find(field.names, lower);
    if (name != field.names.end()) return field.least + static_cast<int>(name - field.names.begin());
    const auto number = number_in(text);
    return number && *number >= field.least && *number <= field.most ? number : std::nullopt;
}

struct Range {
    int first;
    int last;
    int step;
};

std::string bad_part(std::string_view part, const Field& field) {
    auto detail = fmt::format("'{}' is no {}: write numbers from {} to {}", part, field.what, field.least, field.most);
    if (!field.names.empty()) detail += fmt::format(" or names such as '{}'", field.names.front());
    return detail + ", ranges such as 1-5 and steps such as */2";
}

// One part of a list: "*", "5", "1-5", with or without "/2" behind.
std::optional<Range> range_in(std::string_view part, const Field& field) {
    Range out{field.least, field.most, 1};
    const auto slash = part.find('/');
    const auto span = part.substr(0, slash);
    if (slash != std::string_view::npos) {
        const auto step = number_in(part.substr(slash + 1));
        if (!step || *step < 1 || *step > field.most) return std::nullopt;
        out.step = *step;
    }
    if (span == "*") return out;
    const auto dash = span.find('-');
    const auto first = value_in(span.substr(0, dash), field);
    if (!first) return std::nullopt;
    out.first = *first;
    if (dash != std::string_view::npos) {
        const auto last = value_in(span.substr(dash + 1), field);
        if (!last || *last < *first) return std::nullopt;
        out.last = *last;
    } else if (slash == std::string_view::npos) {
        out.last = *first;  // "5/10" goes on to the end, "5" does not.
    }
    return out;
}

template <std::size_t N>
Result<std::bitset<N>, std::string> field_in(std::string_view text, const Field& field) {
    std::bitset<N> out;
    for (const auto part : split(text, ',')) {
        const auto range = range_in(part, field);
        if (!range) return std::unexpected(bad_part(part, field));
        // "*" ends at 7 for weekdays, which is Sunday once more.
        for (int i = range->first; i <= range->last; i += range->step) out.set(static_cast<std::size_t>(i) % N);
    }
    return out;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!(line = trimmed(line)).empty()) {
        words.push_back(line.substr(0, line.find_first_of(" \t")));
        line.remove_prefix(words.back().size());
    }
    return words;
}

bool names_day(const Cron& cron, std::chrono::sys_days date) {
    const std::chrono::year_month_day calendar(date);
    if (!cron.months.test(static_cast<unsigned>(calendar.month()))) return false;
    const bool day = cron.days.test(static_cast<unsigned>(calendar.day()));
    const bool weekday = cron.weekdays.test(std::chrono::weekday(date).c_encoding());
    return cron.either_day ? day || weekday : day && weekday;
}

// The first minute of the day, from `from` on, that the line names.
std::optional<std::chrono::minutes> minute_in_day(const Cron& cron, std::chrono::minutes from) {
    for (auto at = from; at < std::chrono::days(1); ++at) {
        const auto hour = static_cast<std::size_t>(at.count() / 60);
        if (cron.hours.test(hour) && cron.minutes.test(static_cast<std::size_t>(at.count() % 60))) return at;
    }
    return std::nullopt;
}

}  // namespace

Result<Cron, std::string> parse_cron(std::string_view line) {
    const auto words = words_of(line);
    if (words.size() != fields.size()) {
        return std::unexpected(fmt::format(
            "a schedule has five fields, not {}: minute, hour, day of the month, month, day of the week, such as \"0 4 * * *\"", words.size()));
    }
    Cron out;
    TRY(minutes, field_in<60>(words[0], fields[0]));
    TRY(hours, field_in<24>(words[1], fields[1]));
    TRY(days, field_in<32>(words[2], fields[2]));
    TRY(months, field_in<13>(words[3], fields[3]));
    TRY(weekdays, field_in<7>(words[4], fields[4]));
    out.minutes = minutes;
    out.hours = hours;
    out.days = days;
    out.months = months;
    out.weekdays = weekdays;
    out.either_day = !words[2].starts_with('*') && !words[4].starts_with('*');
    return out;
}

std::optional<Time> next_after(const Cron& cron, Time after) {
    const auto first = std::chrono::floor<std::chrono::minutes>(after) + std::chrono::minutes(1);
    auto date = std::chrono::floor<std::chrono::days>(first);
    auto from = std::chrono::duration_cast<std::chrono::minutes>(first - date);
    const auto last = date + std::chrono::years(years_searched) + std::chrono::days(1);
    for (; date <= last; date += std::chrono::days(1), from = std::chrono::minutes(0)) {
        if (!names_day(cron, date)) continue;
        if (const auto minute = minute_in_day(cron, from)) return Time(date + *minute);
    }
    return std::nullopt;
}

bool is_due(const Cron& cron, Time last_fired_or_made, Time now) {
    const auto next = next_after(cron, last_fired_or_made);
    return next && *next <= now;
}

}  // namespace gk::schedule
