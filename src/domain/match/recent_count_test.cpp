#include "domain/match/recent_count.hpp"

#include <gtest/gtest.h>

namespace gk::match {
namespace {

using namespace std::chrono_literals;

constexpr Time start{10'000s};

TEST(RecentCount, CountsFromAMomentOn) {
    RecentCount count;
    EXPECT_EQ(count.since(start), 0U);
    for (int i = 0; i < 3; ++i) count.add(start);
    count.add(start + 4min);
    count.add(start + 6min);
    EXPECT_EQ(count.since(start), 5U);
    EXPECT_EQ(count.since(start + 1min), 2U);
    EXPECT_EQ(count.since(start + 5min), 1U);
    EXPECT_EQ(count.since(start + 7min), 0U);
}

TEST(RecentCount, ForgetsWhatIsLongerAgoThanAnHour) {
    RecentCount count;
    for (auto at = start; at < start + 3h; at += 1s) count.add(at);
    const auto kept = count.since(start);
    EXPECT_GE(kept, 3'600U);
    EXPECT_LE(kept, 3'620U);
}

}  // namespace
}  // namespace gk::match
