#include "domain/schedule/cron.hpp"

#include <gtest/gtest.h>

namespace gk::schedule {
namespace {

Cron cron(std::string_view line) {
    const auto parsed = parse_cron(line);
    if (!parsed) ADD_FAILURE() << line << ": " << parsed.error();
    return parsed.value_or(Cron{});
}

Time at(std::string_view text) { return parse_rfc3339(std::string(text) + ":00Z").value_or(Time{}); }

std::string next(std::string_view line, std::string_view after) {
    const auto time = next_after(cron(line), at(after));
    return time ? rfc3339(*time).substr(0, 16) : "never";
}

TEST(Cron, FindsTheNextTime) {
    struct Case {
        std::string_view line;
        std::string_view after;
        std::string_view next;
    };
    const Case cases[] = {
        {"* * * * *", "2026-11-21T03:04", "2026-11-21T03:05"},
        {"0 4 * * *", "2026-11-21T03:59", "2026-11-21T04:00"},
        {"0 4 * * *", "2026-11-21T04:00", "2026-11-22T04:00"},
        {"*/15 * * * *", "2026-11-21T03:46", "2026-11-21T04:00"},
        {"5/20 * * * *", "2026-11-21T03:26", "2026-11-21T03:45"},
        {"0,30 8-18/2 * * *", "2026-11-21T08:30", "2026-11-21T10:00"},
        {"59 23 31 12 *", "2026-11-21T00:00", "2026-12-31T23:59"},
        {"0 0 1 jan *", "2026-11-21T00:00", "2027-01-01T00:00"},
        {"0 0 31 * *", "2026-11-21T00:00", "2026-12-31T00:00"},
        {"0 0 29 2 *", "2026-11-21T00:00", "2028-02-29T00:00"},
        {"0 0 29 2 *", "2096-02-29T00:00", "2104-02-29T00:00"},
        {"0 0 30 2 *", "2026-11-21T00:00", "never"},
        {"0 0 31 4,6,9,11 *", "2026-11-21T00:00", "never"},
        // 2026-11-21 is a Saturday.
        {"0 0 * * mon", "2026-11-21T00:00", "2026-11-23T00:00"},
        {"0 0 * * 0", "2026-11-21T00:00", "2026-11-22T00:00"},
        {"0 0 * * 7", "2026-11-21T00:00", "2026-11-22T00:00"},
        {"0 0 * * Fri-7", "2026-11-21T00:00", "2026-11-22T00:00"},
        {"0 0 * * MON-FRI", "2026-11-21T00:00", "2026-11-23T00:00"},
        // Day and weekday restricted: either is enough. With one of them '*', both count.
        {"0 0 13 * fri", "2026-11-21T00:00", "2026-11-27T00:00"},
        {"0 0 24 * fri", "2026-11-21T00:00", "2026-11-24T00:00"},
        {"0 0 */2 * mon", "2026-11-21T00:00", "2026-11-23T00:00"},
        {"0 0 */2 * tue", "2026-11-21T00:00", "2026-12-01T00:00"},
        // 2100 is no leap year.
        {"0 0 * 2 *", "2100-02-28T00:00", "2101-02-01T00:00"},
    };
    for (const auto& it : cases) EXPECT_EQ(next(it.line, it.after), it.next) << it.line << " after " << it.after;
}

TEST(Cron, LooksBeyondTheMinuteThatHasBegun) {
    const auto within = at("2026-11-21T04:00") + Milliseconds(1);

    EXPECT_EQ(next_after(cron("0 4 * * *"), within), at("2026-11-22T04:00"));
    EXPECT_EQ(next_after(cron("0 4 * * *"), at("2026-11-21T04:00") - Milliseconds(1)), at("2026-11-21T04:00"));
}

TEST(Cron, AgreesWithAPlainSearchMinuteByMinute) {
    for (const auto* line : {"*/7 */5 * * *", "3 3 */9 * 2,4", "10-12 0 1,15 * sun", "0 12 * */4 6-7", "59 23 28-31 2,3 *"}) {
        const auto parsed = cron(line);
        auto expected = at("2027-12-25T22:00");
        auto found = expected;
        for (int i = 0; i < 40; ++i) {
            const auto result = next_after(parsed, found);
            ASSERT_TRUE(result) << line;
            found = *result;
            for (;;) {
                expected += std::chrono::minutes(1);
                const auto day = std::chrono::floor<std::chrono::days>(expected);
                const std::chrono::year_month_day date(day);
                const auto minute = std::chrono::duration_cast<std::chrono::minutes>(expected - day).count();
                const bool by_day = parsed.days.test(static_cast<unsigned>(date.day()));
                const bool by_weekday = parsed.weekdays.test(std::chrono::weekday(day).c_encoding());
                if (parsed.minutes.test(static_cast<std::size_t>(minute % 60)) && parsed.hours.test(static_cast<std::size_t>(minute / 60)) &&
                    parsed.months.test(static_cast<unsigned>(date.month())) && (parsed.either_day ? by_day || by_weekday : by_day && by_weekday))
                    break;
            }
            ASSERT_EQ(found, expected) << line;
        }
    }
}

TEST(Cron, RefusesWhatIsNoSchedule) {
    struct Case {
        std::string_view line;
        std::string_view says;
    };
    const Case cases[] = {
        {"", "five fields, not 0"},
        {"* * * *", "five fields, not 4"},
        {"* * * * * *", "five fields, not 6"},
        {"60 * * * *", "'60' is no minute"},
        {"-1 * * * *", "'-1' is no minute"},
        {"* 24 * * *", "'24' is no hour"},
        {"* * 0 * *", "'0' is no day of the month"},
        {"* * 32 * *", "'32' is no day of the month"},
        {"* * * 13 *", "'13' is no month"},
        {"* * * * 8", "'8' is no day of the week"},
        {"* * * monday *", "'monday' is no month"},
        {"5-1 * * * *", "'5-1' is no minute"},
        {"*/0 * * * *", "'*/0' is no minute"},
        {"*/x * * * *", "'*/x' is no minute"},
        {"1,,2 * * * *", "'' is no minute"},
        {"1- * * * *", "'1-' is no minute"},
        {"@daily * * * *", "'@daily' is no minute"},
        {"99999999999999999999 * * * *", "is no minute"},
    };
    for (const auto& it : cases) {
        const auto parsed = parse_cron(it.line);
        ASSERT_FALSE(parsed) << it.line;
        EXPECT_NE(parsed.error().find(it.says), std::string::npos) << parsed.error();
    }
}

TEST(Cron, FiresOnceAfterAGap) {
    const auto nightly = cron("0 4 * * *");
    const auto made = at("2026-11-21T03:00");

    EXPECT_FALSE(is_due(nightly, made, at("2026-11-21T03:59")));
    EXPECT_TRUE(is_due(nightly, made, at("2026-11-21T04:00")));
    // Three nights were missed; after firing once, at noon, nothing is due until the next night.
    const auto back = at("2026-11-24T12:00");
    EXPECT_TRUE(is_due(nightly, made, back));
    EXPECT_FALSE(is_due(nightly, back, at("2026-11-25T03:59")));
    EXPECT_TRUE(is_due(nightly, back, at("2026-11-25T04:00")));
}

TEST(Cron, DoesNotFireAgainWithinItsMinuteOrWhenTheClockGoesBack) {
    const auto nightly = cron("0 4 * * *");
    const auto fired = at("2026-11-21T04:00") + Milliseconds(200);

    EXPECT_FALSE(is_due(nightly, fired, fired + Milliseconds(59'000)));
    EXPECT_FALSE(is_due(nightly, fired, fired - Milliseconds(60'000)));
}

}  // namespace
}  // namespace gk::schedule
