#include "domain/wake/trace.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

const auto noon = *parse_rfc3339("2026-11-22T12:00:00.120Z");

TEST(Trace, SaysWhenThePacketCame) {
    EXPECT_EQ(trace_of(noon, 0x00abc).size(), 16U);
    EXPECT_EQ(time_of_trace(trace_of(noon, 0)), noon);
    EXPECT_EQ(time_of_trace(trace_of(noon, 0xffffffff)), noon) << "chance does not reach the time";
    EXPECT_EQ(time_of_trace(trace_of(Time(), 5)), Time());
    EXPECT_LT(trace_of(noon, 0xfffff), trace_of(noon + 1ms, 0)) << "later ones are sorted behind";
}

TEST(Trace, OfTheSameMomentDiffer) { EXPECT_NE(trace_of(noon, 1), trace_of(noon, 2)); }

TEST(Trace, AnythingElseHasNoTime) {
    for (const auto* text : {"", "019a", "019ab5cf2d8000abc0", "019AB5CF2D8000AB", "019ab5cf2d8000a ", "-19ab5cf2d8000ab", "+19ab5cf2d8000ab"})
        EXPECT_EQ(time_of_trace(text), std::nullopt) << text;
}

}  // namespace
}  // namespace gk::wake
