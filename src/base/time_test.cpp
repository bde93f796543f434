#include "base/time.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, RoundTripsWithMilliseconds) {
    const auto time = parse_rfc3339("2026-11-21T03:04:05.678Z");

    ASSERT_TRUE(time);
    EXPECT_EQ(rfc3339(*time), "2026-11-21T03:04:05.678Z");
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01Z"), Time(1s));
    EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), Time(500ms));
}

TEST(Rfc3339, NonsenseIsRefused) {
    for (const char* text : {"", "2026-11-21", "2026-13-21T03:04:05Z", "2026-02-30T03:04:05Z", "2026-11-21T24:04:05Z", "2026-11-21T03:04:05+01:00",
                             "2026-11-21T03:04:05.Z", "2026-11-21T03:04:05.1234Z", "2026-11-21T03:04:-5Z"}) {
        EXPECT_FALSE(parse_rfc3339(text)) << text;
    }
}

TEST(Duration, UnitsAddUp) {
    EXPECT_EQ(parse_duration("90s"), 90s);
    EXPECT_EQ(parse_duration("1h30m"), 90min);
    EXPECT_EQ(parse_duration("2m5ms"), 2min + 5ms);
    EXPECT_EQ(parse_duration("0s"), 0s);
}

TEST(Duration, NonsenseIsRefused) {
    for (const char* text : {"", "90", "s", "-1s", "1m1h", "1s1s", "1.5s", "1 s", "99999999999999d", "1x"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Duration, TextReadsBackToTheSameValue) {
    for (const Milliseconds value : {0ms, 1ms, 1500ms, 60000ms, 90000ms, 86400000ms, 90061001ms}) {
        EXPECT_EQ(parse_duration(duration_text(value)), value);
    }
    EXPECT_EQ(duration_text(90s), "1m30s");
}

}  // namespace
}  // namespace gk
