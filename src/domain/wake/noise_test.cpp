#include "domain/wake/noise.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

// A route of which an edge says something every two seconds.
class Route {
public:
    std::uint64_t go_on(Milliseconds time, std::uint64_t sessions, double datagrams_per_second) {
        for (const auto end = at_ + time; at_ < end;) {
            at_ += 2s;
            sent_ += datagrams_per_second * 2;
            gate_.heard(at_, sessions, static_cast<std::uint64_t>(sent_), rule_);
        }
        return gate_.players(rule_);
    }
    void begin_anew() { sent_ = 0; }

private:
    NoiseRule rule_{.datagrams_per_second = 1, .window = 30s};
    NoiseGate gate_;
    Time at_{1'000'000s};
    double sent_ = 0;
};

TEST(Noise, APacketNowAndThenIsNobody) {
    Route route;
    EXPECT_EQ(route.go_on(40s, 1, 0.2), 0U);
    EXPECT_EQ(route.go_on(40s, 3, 0.2), 0U) << "nor are three sessions of scanners";
}

TEST(Noise, WhoPlaysIsSomebody) {
    Route route;
    EXPECT_EQ(route.go_on(40s, 1, 10), 1U);
    EXPECT_EQ(route.go_on(40s, 2, 1), 1U) << "so much traffic is of one at most";
    EXPECT_EQ(route.go_on(40s, 2, 50), 2U);
    EXPECT_EQ(route.go_on(40s, 0, 0), 0U);
}

TEST(Noise, UntilItIsKnownEachSessionIsSomebody) {
    Route route;
    EXPECT_EQ(route.go_on(20s, 1, 0), 1U);
    EXPECT_EQ(route.go_on(12s, 1, 0), 0U);
}

TEST(Noise, OfAnEdgeThatBeginsAnewNothingIsKnown) {
    Route route;
    EXPECT_EQ(route.go_on(40s, 1, 0.4), 0U);
    route.begin_anew();
    EXPECT_EQ(route.go_on(10s, 1, 0.2), 1U);
}

TEST(Noise, OfAnEdgeThatBeginsAnewTheLastOnesCountsAreForgotten) {
    Route route;
    EXPECT_EQ(route.go_on(40s, 1, 0.2), 0U);
    route.begin_anew();
    EXPECT_EQ(route.go_on(12s, 3, 1), 3U) << "who has just come is not overlooked, however quiet it was before";
}

}  // namespace
}  // namespace gk::wake
