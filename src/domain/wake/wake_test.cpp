#include <gtest/gtest.h>

#include "domain/wake/doorman.hpp"
#include "domain/wake/start_times.hpp"

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

const auto home = *Address::parse("203.0.113.7");
const auto neighbour = *Address::parse("203.0.113.8");
const auto stranger = *Address::parse("198.51.100.1");
const Knock ping{.intent = Intent::question, .proved = true};
const Knock ann{.intent = Intent::join, .proved = true, .name = "Ann"};
const Knock somebody{.intent = Intent::join, .proved = false};
const Knock hello{.intent = Intent::hello, .proved = false};
const Sleeper asleep{.state = Sleep::asleep};

Doorman doorman(Rule rule = {}, DoorLimits limits = {}) { return Doorman(std::move(rule), limits, 0ms); }

TEST(Doorman, AJoinThatProvesItselfWakesAndIsHeld) {
    EXPECT_EQ(doorman().judge(ann, home, asleep, 0ms), (Verdict{Reply::hold, true, Why::welcome, 25s}));
}

TEST(Doorman, AListNeverWakes) {
    auto door = doorman();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(door.judge(ping, home, asleep, i * 1s), (Verdict{Reply::answer, false, Why::question, 0ms}));
    EXPECT_TRUE(door.judge(ann, home, asleep, 1000s).wake) << "nor does it use up what a join needs";
}

TEST(Doorman, JunkAndHellosNeverWake) {
    auto door = doorman();
    for (int i = 0; i < 1000; ++i) {
        EXPECT_FALSE(door.judge({.intent = Intent::junk, .proved = true}, home, asleep, i * 1s).wake);
        EXPECT_FALSE(door.judge(hello, home, asleep, i * 1s).wake);
    }
}

TEST(Doorman, AnUnprovedSourceMustRepeatItself) {
    auto door = doorman();
    EXPECT_EQ(door.judge(somebody, home, asleep, 0ms), (Verdict{Reply::ignore, false, Why::unproved, 0ms}));
    EXPECT_FALSE(door.judge(somebody, home, asleep, 199ms).wake) << "a burst is one knock";
    EXPECT_FALSE(door.judge(somebody, neighbour, asleep, 300ms).wake) << "another source";
    EXPECT_TRUE(door.judge(somebody, home, asleep, 300ms).wake);
}

TEST(Doorman, AHelloCountsForTheJoinThatFollows) {
    auto door = doorman();
    EXPECT_FALSE(door.judge(hello, home, asleep, 0ms).wake);
    EXPECT_TRUE(door.judge(somebody, home, asleep, 500ms).wake);
}

TEST(Doorman, AnotherOneGoesOnWithWhatWasCounted) {
    const Rule twice_a_day{.starts_per_day_max = 2};
    const DoorLimits limits{.wakes_per_source = {.per_minute = 0, .most = 1}, .wakes_in_all = {.per_minute = 0, .most = 3}};
    auto first = doorman(twice_a_day, limits);
    EXPECT_TRUE(first.judge(ann, home, asleep, 0ms).wake);

    auto second = doorman(twice_a_day, limits);
    second.remember(first.memory());

    EXPECT_EQ(second.judge(ann, home, asleep, 1s).why, Why::source_limit);
    EXPECT_TRUE(second.judge(ann, stranger, asleep, 1s).wake);
    second.follow(twice_a_day, false);  // It was up.
    EXPECT_EQ(second.judge(ann, *Address::parse("192.0.2.1"), asleep, 1s).why, Why::daily_cap);

    auto third = doorman({}, limits);
    third.remember(second.memory());
    EXPECT_TRUE(third.judge(ann, *Address::parse("192.0.2.1"), asleep, 1s).wake);
    EXPECT_EQ(third.judge(ann, *Address::parse("192.0.3.1"), asleep, 1s).why, Why::edge_limit);
}

TEST(Doorman, KnocksAreForgotten) {
    auto door = doorman();
    EXPECT_FALSE(door.judge(somebody, home, asleep, 0ms).wake);
    EXPECT_FALSE(door.judge(somebody, home, asleep, 30'001ms).wake);
    EXPECT_TRUE(door.judge(somebody, home, asleep, 31s).wake);
}

TEST(Doorman, AsManyKnocksAsTheRuleSays) {
    auto door = doorman({.knocks_needed = 4});
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(door.judge(somebody, home, asleep, i * 200ms).wake);
    EXPECT_TRUE(door.judge(somebody, home, asleep, 600ms).wake);
}

TEST(Doorman, TheListAdmitsByNameOrAddress) {
    const Rule rule{.admission = Admission::allow_list, .names = {"ANN"}, .blocks = {*Block::parse("203.0.113.8/31")}};
    EXPECT_TRUE(doorman(rule).judge(ann, stranger, asleep, 0ms).wake);
    EXPECT_TRUE(doorman(rule).judge({.intent = Intent::join, .proved = true, .name = "bob"}, neighbour, asleep, 0ms).wake);
    const Verdict refused{Reply::refuse, false, Why::not_on_list, 0ms};
    EXPECT_EQ(doorman(rule).judge({.intent = Intent::join, .proved = true, .name = "bob"}, home, asleep, 0ms), refused);
    EXPECT_EQ(doorman(rule).judge({.intent = Intent::join, .proved = true, .name = ""}, home, asleep, 0ms), refused);
    EXPECT_EQ(doorman(rule).judge({.intent = Intent::join, .proved = true, .name = "Anna"}, home, asleep, 0ms), refused);
}

TEST(Doorman, SomeServersNeverWake) {
    EXPECT_EQ(doorman({.admission = Admission::never}).judge(ann, home, asleep, 0ms), (Verdict{Reply::refuse, false, Why::never_wakes, 0ms}));
    EXPECT_EQ(doorman({.admission = Admission::never}).judge(ping, home, asleep, 0ms).reply, Reply::answer);
}

TEST(Doorman, TellsAtOnceWhenItTakesLongerThanTheClientWaits) {
    EXPECT_EQ(doorman().judge(ann, home, {Sleep::asleep, 25s}, 0ms), (Verdict{Reply::hold, true, Why::welcome, 25s}));
    EXPECT_EQ(doorman().judge(ann, home, {Sleep::asleep, 40s}, 0ms), (Verdict{Reply::refuse, true, Why::too_slow, 40s}));
    EXPECT_EQ(doorman().judge(ann, home, {Sleep::starting, 40s}, 0ms), (Verdict{Reply::refuse, false, Why::too_slow, 40s}));
    EXPECT_EQ(doorman().judge(ann, home, {Sleep::starting, 10s}, 0ms), (Verdict{Reply::hold, false, Why::welcome, 25s}));
    EXPECT_EQ(doorman().judge(ann, home, {Sleep::failed, std::nullopt}, 0ms), (Verdict{Reply::refuse, false, Why::failed, 0ms}));
}

TEST(Doorman, WhoStartsUsesUpNothing) {
    auto door = doorman();
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(door.judge(ann, home, {Sleep::starting, 10s}, 0ms).reply, Reply::hold);
    EXPECT_TRUE(door.judge(ann, home, asleep, 0ms).wake);
}

TEST(Doorman, ANeighbourhoodWakesSoOftenAndNoMore) {
    auto door = doorman();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(door.judge(ann, i % 2 == 0 ? home : neighbour, asleep, 0ms).wake) << i;
    EXPECT_EQ(door.judge(ann, home, asleep, 59s), (Verdict{Reply::refuse, false, Why::source_limit, 0ms}));
    EXPECT_TRUE(door.judge(ann, stranger, asleep, 59s).wake);
    EXPECT_TRUE(door.judge(ann, home, asleep, 60s).wake);
}

TEST(Doorman, AllTogetherWakeSoOftenAndNoMore) {
    auto door = doorman();
    int woken = 0;
    for (std::uint8_t i = 0; i < 200; ++i) woken += door.judge(ann, Address::v4({10, 0, i, 1}), asleep, 0ms).wake ? 1 : 0;
    EXPECT_EQ(woken, 20);
    EXPECT_EQ(door.judge(ann, home, asleep, 0ms).why, Why::edge_limit);
}

TEST(Doorman, TheDayHasACap) {
    const Rule thrice{.starts_per_day_max = 3};
    auto door = doorman(thrice);
    for (int i = 0; i < 3; ++i) {
        EXPECT_TRUE(door.judge(ann, home, asleep, i * 1h).wake);
        door.follow(thrice, false);
    }
    EXPECT_EQ(door.judge(ann, home, asleep, 23h), (Verdict{Reply::refuse, false, Why::daily_cap, 0ms}));
    EXPECT_TRUE(door.judge(ann, home, asleep, 24h).wake) << "the first is a day old";
    door.follow(thrice, false);
    EXPECT_FALSE(door.judge(ann, home, asleep, 24h).wake);
}

// There may be no room for it, and meanwhile the edge hears of other worlds.
TEST(Doorman, WakesOfOneSleepAreOneStartOfTheDay) {
    const Rule once{.starts_per_day_max = 1};
    auto door = doorman(once);
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(door.judge(ann, home, asleep, i * 1h).wake) << i;
        door.follow(once, true);
    }
    door.follow(once, false);
    EXPECT_EQ(door.judge(ann, home, asleep, 10h).why, Why::daily_cap);
    EXPECT_TRUE(door.judge(ann, home, asleep, 25h).wake) << "a day after it was asked for";
    door.follow({.starts_per_day_max = 0}, true);
    EXPECT_EQ(door.judge(ann, home, asleep, 25h).why, Why::daily_cap) << "the control plane has counted";
}

TEST(Doorman, FollowsAnotherRuleAndKeepsItsCounts) {
    auto door = doorman();
    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(door.judge(ann, home, asleep, 0ms).wake);
        door.follow({}, false);
    }
    door.follow({.starts_per_day_max = 2}, true);
    EXPECT_EQ(door.judge(ann, home, asleep, 0ms).why, Why::daily_cap);
    door.follow({.admission = Admission::never}, true);
    EXPECT_EQ(door.judge(ann, home, asleep, 0ms).why, Why::never_wakes);
}

TEST(Doorman, SaysWhyAndForHowLong) {
    EXPECT_EQ(refusal_text({Reply::refuse, true, Why::too_slow, 37s}, "Castle"), "Castle is waking up. Join again in about 40 seconds.");
    EXPECT_EQ(refusal_text({.why = Why::failed}, "Castle", "it crashed again and again"),
              "Castle cannot start: it crashed again and again. Its owner has to look at it.");
    EXPECT_EQ(refusal_text({.why = Why::failed}, "Castle"), "Castle cannot start. Its owner has to look at it.");
    for (int why = std::to_underlying(Why::welcome); why <= std::to_underlying(Why::failed); ++why) {
        EXPECT_TRUE(refusal_text({Reply::refuse, false, static_cast<Why>(why), 1s}, "Castle").starts_with("Castle ")) << why;
    }
}

TEST(Sources, AreForgottenFromTheLongestSilentOn) {
    Sources<int> sources(2);
    sources.of(home, [] { return 1; });
    sources.of(neighbour, [] { return 2; });
    sources.of(home, [] { return 9; });
    sources.of(stranger, [] { return 3; });
    EXPECT_EQ(sources.size(), 2U);
    EXPECT_EQ(sources.of(home, [] { return 9; }), 1);
    EXPECT_EQ(sources.of(neighbour, [] { return 9; }), 9);
}

TEST(Bucket, FillsToItsBrimAndNoFurther) {
    const Rate rate{.per_minute = 60, .most = 2};
    Bucket bucket(rate, 0ms);
    EXPECT_TRUE(bucket.take(rate, 2, 0ms));
    EXPECT_FALSE(bucket.take(rate, 1, 999ms));
    EXPECT_TRUE(bucket.take(rate, 1, 1000ms));
    EXPECT_FALSE(bucket.take(rate, 3, 87'600h * 100));
    EXPECT_TRUE(bucket.take(rate, 2, 87'600h * 100));
}

TEST(AnswerBudget, HoldsTheBoundOfTheContract) {
    AnswerBudget budget({}, 0ms);
    int answers = 0;
    for (int ms = 0; ms < 10'000; ++ms) answers += budget.take(ms % 2 == 0 ? home : neighbour, 100, Instant(ms)) ? 1 : 0;
    EXPECT_LE(answers, 110);
    EXPECT_GE(answers, 108);
    EXPECT_FALSE(budget.take(stranger, 2049, 20s)) << "more than a neighbourhood gets in a second";
    EXPECT_TRUE(budget.take(stranger, 2048, 20s));
}

TEST(AnswerBudget, AllTogetherGetSoMuch) {
    AnswerBudget budget({}, 0ms);
    std::size_t sent = 0;
    for (std::uint16_t i = 0; i < 10'000; ++i) {
        const auto to = Address::v4({10, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i & 255), 1});
        if (budget.take(to, 1000, 0ms)) sent += 1000;
    }
    EXPECT_EQ(sent, 65'000U);
}

TEST(Address, ReadsAndWritesBothFamilies) {
    for (const auto* text : {"203.0.113.7", "::1", "2001:db8::7", "0.0.0.0", "::"}) EXPECT_EQ(Address::parse(text)->text(), text);
    EXPECT_EQ(Address::parse("::ffff:203.0.113.7"), home);
    for (const auto* text : {"", "203.0.113", "203.0.113.256", "1::2::3", "castle", "203.0.113.7 "}) EXPECT_FALSE(Address::parse(text)) << text;
    EXPECT_EQ(neighbourhood(home).text(), "203.0.113.0");
    EXPECT_EQ(neighbourhood(*Address::parse("2001:db8:1:2:3:4:5:6")).text(), "2001:db8:1:2::");
}

TEST(Block, ContainsWhatItsPrefixSays) {
    EXPECT_TRUE(Block::parse("203.0.113.0/24")->contains(home));
    EXPECT_FALSE(Block::parse("203.0.112.0/24")->contains(home));
    EXPECT_TRUE(Block::parse("0.0.0.0/0")->contains(home));
    EXPECT_FALSE(Block::parse("::/0")->contains(home)) << "all of IPv6 is not all";
    EXPECT_TRUE(Block::parse("203.0.113.7")->contains(home));
    EXPECT_FALSE(Block::parse("203.0.113.7")->contains(neighbour));
    EXPECT_TRUE(Block::parse("2001:db8::/33")->contains(*Address::parse("2001:db8:7fff::1")));
    EXPECT_FALSE(Block::parse("2001:db8::/33")->contains(*Address::parse("2001:db8:8000::1")));
    EXPECT_EQ(Block::parse("10.0.0.0/8")->text(), "10.0.0.0/8");
    for (const auto* text : {"203.0.113.7/24", "203.0.113.0/33", "203.0.113.0/-1", "203.0.113.0/", "203.0.113.0/8x", "/8", "::/129"}) {
        EXPECT_FALSE(Block::parse(text)) << text;
    }
}

TEST(Percentile, IsTheNearestRank) {
    EXPECT_EQ(percentile({}, 90), std::nullopt);
    EXPECT_EQ(percentile({1000s}, 90), 1000s);
    std::vector<Milliseconds> times;
    for (int i = 20; i >= 1; --i) times.emplace_back(i * 1s);
    EXPECT_EQ(percentile(times, 1), 1s);
    EXPECT_EQ(percentile(times, 50), 10s);
    EXPECT_EQ(percentile(times, 90), 18s);
    EXPECT_EQ(percentile(times, 100), 20s);
}

TEST(WaitText, NeverPromisesTooMuch) {
    const std::pair<Milliseconds, const char*> texts[] = {
        {0ms, "a moment"},         {2s, "a moment"},         {2001ms, "about 5 seconds"}, {40s, "about 40 seconds"}, {40'001ms, "about 45 seconds"},
        {90s, "about 90 seconds"}, {91s, "about 2 minutes"}, {150s, "about 3 minutes"}};
    for (const auto& [wait, text] : texts) EXPECT_EQ(wait_text(wait), text);
}

}  // namespace
}  // namespace gk::wake
