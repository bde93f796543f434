#include "domain/front/learned_starts.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::front {
namespace {

using namespace std::chrono_literals;

server::Record castle(std::vector<Milliseconds> start_times, std::string package = "small") {
    server::Record record;
    record.game = "minetest";
    record.package = std::move(package);
    record.start_times = std::move(start_times);
    return record;
}

TEST(LearnedStarts, AreOnesOwnOnceThereAreAFewElseThoseOfAllAlike) {
    const std::vector all = {castle({}), castle({30s}), castle({500s}, "large"), castle({5s, 6s, 7s})};
    const LearnedStarts learned(all);
    EXPECT_EQ(learned.of(all[0]), 30s) << "the slowest of four starts of this kind";
    EXPECT_EQ(learned.of(all[2]), 500s);
    EXPECT_EQ(learned.of(all[3]), 7s);
    EXPECT_EQ(learned.of(castle({}, "huge")), std::nullopt);
    auto other = castle({});
    other.game = "bzflag";
    EXPECT_EQ(learned.of(other), std::nullopt);
}

TEST(LearnedStarts, OneSlowStartOfManyServersIsNotWhatPeopleAreTold) {
    std::vector<server::Record> all(19, castle({10s}));
    all.push_back(castle({600s}));
    EXPECT_EQ(LearnedStarts(all).of(castle({})), 10s);
}

}  // namespace
}  // namespace gk::front
