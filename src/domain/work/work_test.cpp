#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/work/budget.hpp"
#include "domain/work/queue.hpp"

namespace gk::work {
namespace {
using namespace std::chrono_literals;

constexpr Time start{Milliseconds(1'800'000'000'000)};

TEST(Budget, GrantsABurstAndThenTheRate) {
    Budget budget({.per_second = 10, .burst = 3});

    std::vector<Milliseconds> waits;
    for (int i = 0; i < 6; ++i) waits.push_back(budget.reserve(start) - start);

    EXPECT_EQ(waits, (std::vector<Milliseconds>{0ms, 0ms, 0ms, 100ms, 200ms, 300ms}));
}

TEST(Budget, SavesNoMoreThanABurst) {
    Budget budget({.per_second = 10, .burst = 2});
    std::ignore = budget.reserve(start);

    const auto later = start + 1h;

    EXPECT_EQ(budget.reserve(later), later);
    EXPECT_EQ(budget.reserve(later), later);
    EXPECT_EQ(budget.reserve(later), later + 100ms);
}

// I22, in every span of every run.
TEST(Budget, NeverGrantsMoreThanItsLimitsInAnySpan) {
    for (std::uint32_t seed = 1; seed <= 50; ++seed) {
        std::mt19937 random(seed);
        const Budget::Limits limits{.per_second = 1 + static_cast<int>(random() % 50), .burst = 1 + static_cast<int>(random() % 20)};
        Budget budget(limits);
        std::vector<Time> granted;
        Time now = start;
        for (int i = 0; i < 300; ++i) {
            now += Milliseconds(random() % 4 == 0 ? random() % 3000 : random() % 20);
            granted.push_back(budget.reserve(now));
            ASSERT_GE(granted.back(), now);
        }

        for (std::size_t from = 0; from < granted.size(); ++from) {
            for (std::size_t to = from; to < granted.size(); ++to) {
                const auto span = std::chrono::duration<double>(granted[to] - granted[from]).count();
                // One more for times that are whole milliseconds.
                ASSERT_LE(static_cast<double>(to - from + 1),
                          static_cast<double>(limits.burst) + (span + 0.001) * static_cast<double>(limits.per_second) + 1)
                    << "seed " << seed;
            }
        }
    }
}

class QueueTest : public testing::Test {
protected:
    Queue<std::string> queue;
    Time now = start;
};

TEST_F(QueueTest, ManyAddsAreOneTurn) {
    for (const auto* key : {"a", "b", "a", "a"}) queue.add(key);

    EXPECT_EQ(queue.take(now), "a");
    EXPECT_EQ(queue.take(now), "b");
    EXPECT_EQ(queue.take(now), std::nullopt);
}

TEST_F(QueueTest, AKeyThatChangesDuringItsTurnHasOneMoreButNeverTwoAtOnce) {
    queue.add("a");
    EXPECT_EQ(queue.take(now), "a");

    queue.add("a");
    queue.add("a");
    EXPECT_EQ(queue.take(now), std::nullopt);
    queue.done("a");

    EXPECT_EQ(queue.take(now), "a");
    queue.done("a");
    EXPECT_EQ(queue.take(now), std::nullopt);
}

TEST_F(QueueTest, AKeyThatWaitsKeepsTheEarlierTime) {
    queue.add_at("a", now + 10s);
    queue.add_at("a", now + 30s);
    EXPECT_EQ(queue.next_due(), now + 10s);
    queue.add_at("a", now + 5s);
    EXPECT_EQ(queue.next_due(), now + 5s);

    EXPECT_EQ(queue.take(now + 5s - 1ms), std::nullopt);
    EXPECT_EQ(queue.take(now + 5s), "a");
    EXPECT_EQ(queue.next_due(), std::nullopt);
    queue.done("a");
    EXPECT_EQ(queue.take(now + 1h), std::nullopt);
}

TEST_F(QueueTest, FailuresOfAKeyWaitTwiceAsLongEachTimeUpToAMinute) {
    std::vector<Milliseconds> waits;
    for (int i = 0; i < 16; ++i) {
        queue.add_after_failure("a", now);
        waits.push_back(*queue.next_due() - now);
        now = *queue.next_due();
        EXPECT_EQ(queue.take(now), "a");
        queue.done("a");
    }
    EXPECT_EQ(waits[0], 5ms);
    EXPECT_EQ(waits[1], 10ms);
    EXPECT_EQ(waits[13], 40960ms);
    EXPECT_EQ(waits[14], 60s);
    EXPECT_EQ(waits[15], 60s);

    queue.forget("a");
    queue.add_after_failure("a", now);
    EXPECT_EQ(*queue.next_due() - now, 5ms);
}

TEST_F(QueueTest, ManyKeysThatFailAtOnceDoNotComeBackAtOnce) {
    for (int i = 0; i < 200; ++i) queue.add_after_failure(std::to_string(i), now);

    int at_once = 0;
    while (queue.take(now + 5ms)) ++at_once;
    EXPECT_EQ(at_once, 100);
    while (queue.take(now + 5s)) ++at_once;
    EXPECT_EQ(at_once, 150);
}

TEST_F(QueueTest, AClosedQueueDrains) {
    queue.add("a");
    queue.add("b");
    queue.add_at("c", now + 1s);
    EXPECT_EQ(queue.take(now), "a");

    queue.close();
    queue.add("d");
    queue.add_at("e", now);

    EXPECT_EQ(queue.next_due(), std::nullopt);
    EXPECT_EQ(queue.take(now + 1h), "b");
    EXPECT_EQ(queue.take(now + 1h), std::nullopt);
    queue.done("a");
    EXPECT_FALSE(queue.is_drained());
    queue.done("b");
    EXPECT_TRUE(queue.is_drained());
}

// Whatever the order of calls: one turn at a time for a key, and a turn after its last add.
TEST_F(QueueTest, LosesNothingAndDoublesNothing) {
    for (std::uint32_t seed = 1; seed <= 200; ++seed) {
        std::mt19937 random(seed);
        Queue<int> some;
        std::set<int> added;
        std::set<int> working;
        for (int i = 0; i < 400; ++i) {
            const int key = static_cast<int>(random() % 8);
            now += Milliseconds(random() % 10);
            switch (random() % 4) {
            case 0:
                some.add(key);
                added.insert(key);
                break;
            case 1:
                some.add_at(key, now + Milliseconds(random() % 50));
                added.insert(key);
                break;
            case 2:
                if (const auto taken = some.take(now)) {
                    ASSERT_TRUE(working.insert(*taken).second) << "seed " << seed;
                    added.erase(*taken);
                }
                break;
            default:
                if (working.erase(key) > 0) some.done(key);
            }
        }
        for (const int key : working) some.done(key);
        while (const auto taken = some.take(now + 1h)) {
            added.erase(*taken);
            some.done(*taken);
        }
        ASSERT_TRUE(added.empty()) << "seed " << seed;
    }
}

}  // namespace
}  // namespace gk::work
