#include "wire/match/referee.hpp"

#include <gtest/gtest.h>

namespace gk::wire::match {
namespace {

using std::chrono::seconds;

constexpr Time start{Milliseconds(1'800'000'000'000)};
constexpr RefereeLimits limits{.empty_time = seconds(60), .open_time = seconds(600)};

Time at(int second) { return start + seconds(second); }

TEST(Referee, TheFirstRequestDecidesTheLength) {
    Referee referee(limits, start);
    referee.joined(at(1));
    referee.joined(at(1));

    EXPECT_TRUE(referee.request(seconds(30), at(2)));
    EXPECT_FALSE(referee.request(seconds(5), at(3)));

    EXPECT_EQ(referee.state(), State::running);
    EXPECT_EQ(referee.length(), seconds(30));
    EXPECT_EQ(referee.deadline(), at(32));
}

TEST(Referee, StopsWhenTheLengthIsOverAndNotBefore) {
    Referee referee(limits, start);
    referee.joined(at(0));
    referee.request(seconds(30), at(0));

    referee.tick(at(30) - Milliseconds(1));
    EXPECT_EQ(referee.state(), State::running);
    referee.tick(at(30));

    EXPECT_EQ(referee.state(), State::stop);
    EXPECT_EQ(referee.end(), End::length_over);
    EXPECT_EQ(referee.deadline(), std::nullopt);
}

TEST(Referee, StopsWhenTheLastPlayerOfARunningMatchLeaves) {
    Referee referee(limits, start);
    referee.joined(at(0));
    referee.joined(at(0));
    referee.request(seconds(30), at(0));

    referee.left(at(5));
    EXPECT_EQ(referee.state(), State::running);
    referee.left(at(6));

    EXPECT_EQ(referee.end(), End::all_left);
}

TEST(Referee, AnOpenMatchWaitsForPeopleToComeBack) {
    Referee referee(limits, start);
    EXPECT_EQ(referee.deadline(), at(60));
    referee.joined(at(50));
    referee.tick(at(60));
    referee.left(at(70));

    EXPECT_EQ(referee.state(), State::open);
    EXPECT_EQ(referee.deadline(), at(130));
    referee.tick(at(130));

    EXPECT_EQ(referee.end(), End::nobody_came);
}

TEST(Referee, AMatchThatNobodyBeginsEndsAlthoughPeopleAreThere) {
    Referee referee(limits, start);
    referee.joined(at(10));
    EXPECT_EQ(referee.deadline(), at(610));

    referee.tick(at(610));

    EXPECT_EQ(referee.end(), End::never_begun);
}

TEST(Referee, ComingAndGoingDoesNotKeepAMatchOpenForEver) {
    Referee referee(limits, start);
    for (int second = 10; second < 600; second += 10) {
        referee.joined(at(second));
        referee.left(at(second + 1));
    }

    EXPECT_EQ(referee.deadline(), at(610));
}

TEST(Referee, StoppingIsTheEndFromEveryState) {
    Referee open(limits, start);
    open.stop();
    EXPECT_EQ(open.end(), End::asked);

    Referee over(limits, start);
    over.tick(at(60));
    over.stop();
    EXPECT_EQ(over.end(), End::nobody_came) << "the first reason stays";
}

TEST(Referee, NothingBeginsAMatchThatIsOver) {
    Referee referee(limits, start);
    referee.joined(at(0));
    referee.stop();

    EXPECT_FALSE(referee.request(seconds(30), at(1)));
    EXPECT_EQ(referee.state(), State::stop);
    EXPECT_EQ(referee.length(), seconds(0));
}

}  // namespace
}  // namespace gk::wire::match
