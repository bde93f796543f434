// Rules that are tried beside those that count.

#include "app/match/queues.hpp"
#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class ShadowTest : public MatchmakerTest {
protected:
    // Two of any skill count; the shadow wants them near each other.
    void SetUp() override { configure(Value::object({{"size", 2}, {"near", near(1000)}})); }
    static Value near(int within) { return Value::object({{"skill", Value::object({{"within", within}})}}); }
    void try_rules(std::optional<Value> rules) {
        ASSERT_TRUE(wait(queues.shadow({.name = "ops"}, "casual", std::move(rules))));
        maker->note_queues();
        settle();
    }
    TicketId join_skilled(const std::string& name, double skill, Milliseconds ttl = 60s) {
        match::Player who{.id = name};
        who.attributes["skill"] = skill;
        return join(std::move(who), ttl);
    }
    Shadow::Report report() { return maker->shadow("casual").value(); }

    Queues queues{{.store = store, .is_known_game = [](const std::string&) { return true; }}};
};

TEST_F(ShadowTest, MatchesNobodyAndCountsWhatItWouldHaveDone) {
    begin();
    try_rules(Value::object({{"size", 2}, {"near", near(50)}}));
    join_skilled("ann", 100);
    join_skilled("ben", 500);
    pass_time(4s);
    join_skilled("cid", 520);
    join_skilled("dan", 130);
    pass_time(1s);

    ASSERT_EQ(matches().size(), 2U);
    const auto seen = report();
    EXPECT_EQ(seen.attribute, "skill");
    EXPECT_EQ(seen.made.matches, 2U);
    EXPECT_EQ(seen.made.players, 4U);
    EXPECT_LT(seen.made.waited, 1s);
    EXPECT_EQ(seen.made.spread, 400 + 390);
    EXPECT_EQ(seen.would_make.matches, 2U);
    EXPECT_EQ(seen.would_make.spread, 30 + 20);
    EXPECT_GE(seen.would_make.waited, 8s) << "ann and ben would have waited for those who fit";
    EXPECT_EQ(seen.waiting, 0U);
}

TEST_F(ShadowTest, WhoGivesUpOrWhoseTimeIsOverIsGoneThereToo) {
    begin();
    try_rules(Value::object({{"size", 3}}));
    join_skilled("ann", 100, 10s);
    join_skilled("ben", 100, 10s);
    pass_time(1s);
    const auto lone = join_skilled("cid", 9000);
    EXPECT_EQ(report().made.matches, 1U);
    pass_time(1s);
    EXPECT_EQ(report().would_make.matches, 1U) << "three of any skill";

    join_skilled("dan", 100, 5s);
    join_skilled("eve", 100, 5s);
    pass_time(1s);
    ASSERT_TRUE(wait(store.cancel(lone, clock.now())));
    EXPECT_EQ(report().waiting, 2U);
    pass_time(10s);
    join_skilled("fay", 100);
    pass_time(1s);
    EXPECT_EQ(report().waiting, 1U) << "dan and eve would have given up";
    EXPECT_EQ(report().would_make.matches, 1U);
}

TEST_F(ShadowTest, BeginsAnewWithTheProcessAndEndsWhenItIsTold) {
    begin();
    try_rules(Value::object({{"size", 2}}));
    join_skilled("ann", 1);
    join_skilled("ben", 1);
    pass_time(1s);
    EXPECT_EQ(report().would_make.matches, 1U);

    stop();
    begin();
    EXPECT_EQ(report().would_make.matches, 0U);
    try_rules(std::nullopt);
    EXPECT_FALSE(maker->shadow("casual"));
    EXPECT_EQ(wait(queues.promote({.name = "ops"}, "casual")).error().code, "no_shadow");
}

TEST_F(ShadowTest, CountsWhenItIsPromoted) {
    begin();
    try_rules(Value::object({{"size", 3}}));
    join_skilled("ann", 1);
    const auto promoted = wait(queues.promote({.name = "ops"}, "casual"));
    maker->note_queues();
    settle();
    EXPECT_FALSE(promoted->shadow);
    EXPECT_FALSE(maker->shadow("casual"));
    join_skilled("ben", 5000);
    join_skilled("cid", 9000);
    pass_time(1s);

    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].members.size(), 3U);
}

}  // namespace
}  // namespace gk::app
