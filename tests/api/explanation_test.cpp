#include "api/match/explanation.hpp"

#include <gtest/gtest.h>

namespace gk::api {
namespace {

using namespace std::chrono_literals;
using gk::match::Explanation;
using Words = std::vector<std::string>;

TEST(Explanation, SaysWhatKeepsOutMostFirst) {
    const Explanation why{.looked_at = 40, .rules = {{"same mode", 12}, {"near skill", 40}, {"blocked", 0}}, .next_step = 2999ms, .estimate = 7001ms};

    EXPECT_EQ(in_words(why), (Words{"'near skill' keeps out all of the 40 other tickets.", "'same mode' keeps out 12 of the 40 other tickets.",
                                    "Its rules relax in 3s.", "By those who were matched last, it waits for about 8s more."}));
}

TEST(Explanation, SaysWhenNoRuleIsToBlame) {
    EXPECT_EQ(in_words({.looked_at = 0, .rules = {{"near skill", 0}}, .next_step = {}, .estimate = {}}),
              (Words{"Nobody else waits here.", "Its rules do not relax any more."}));
    EXPECT_EQ(in_words({.looked_at = 1, .rules = {{"near skill", 0}}, .next_step = 0ms, .estimate = 0ms}),
              (Words{"No rule keeps out the other ticket: a match wants more players, or other teams.", "Its rules relax all the time.",
                     "It waits for longer than those who were matched last."}));
}

}  // namespace
}  // namespace gk::api
