#include "wire/kubernetes/reflector.hpp"

#include <gtest/gtest.h>

namespace gk::wire::kubernetes {
namespace {
using namespace std::chrono_literals;
using enum Failure::Kind;

class ReflectorTest : public testing::Test {
protected:
    // "list page 500", "list page 500", "watch 7", "wait 800ms": short to compare.
    std::string next() {
        const auto next = reflector.next(now, luck);
        if (const auto* list = std::get_if<Reflector::List>(&next)) {
            return "list " + list->version + (list->page_size > 0 ? "page " + std::to_string(list->page_size) : "");
        }
        if (const auto* watch = std::get_if<Reflector::Watch>(&next)) return "watch " + watch->version;
        return "wait " + duration_text(std::get<Reflector::Wait>(next).until - now);
    }
    // What comes after the wait that must come first.
    std::string next_after(const std::string& wait) {
        EXPECT_EQ(next(), wait);
        now = std::get<Reflector::Wait>(reflector.next(now, luck)).until;
        return next();
    }
    static Failure failure(Failure::Kind kind, std::optional<Milliseconds> after = {}) { return {.kind = kind, .retry_after = after}; }
    void watch_from(const std::string& version) {
        std::ignore = next();
        reflector.listed(version);
        EXPECT_EQ(next(), "watch " + version);
        reflector.watch_began(now);
    }

    Reflector reflector;
    Time now{Milliseconds(1'800'000'000'000)};
    double luck = 0;
};

TEST_F(ReflectorTest, ListsTheNewestStateThenWatchesFromThere) {
    EXPECT_EQ(next(), "list page 500");
    reflector.listed("7");
    EXPECT_EQ(next(), "watch 7");
}

TEST_F(ReflectorTest, WatchesOnFromTheNewestThingSeen) {
    watch_from("7");

    reflector.saw("8");
    reflector.saw("9");
    reflector.watch_ended(now);
    EXPECT_EQ(next(), "watch 9");

    reflector.watch_began(now);
    reflector.saw("40");
    reflector.watch_ended(now);
    EXPECT_EQ(next(), "watch 40");
}

TEST_F(ReflectorTest, AQuietWatchThatEndsInItsTimeIsBegunAgainAtOnce) {
    watch_from("7");

    now += 301s;
    reflector.watch_ended(now);

    EXPECT_EQ(next(), "watch 7");
}

TEST_F(ReflectorTest, AWatchThatEndsAtOnceIsNoWatch) {
    watch_from("7");

    now += 999ms;
    reflector.watch_ended(now);

    EXPECT_EQ(next_after("wait 800ms"), "list 7");
}

TEST_F(ReflectorTest, AVersionThatIsGoneIsListedFromAndThenWithoutAny) {
    for (const auto kind : {expired, future_version}) {
        reflector = Reflector();
        watch_from("7");

        reflector.watch_failed(failure(kind));
        EXPECT_EQ(next_after("wait 800ms"), "list 7");
        reflector.list_failed(failure(kind));
        EXPECT_EQ(next(), "list page 500");
        reflector.listed("90");
        EXPECT_EQ(next(), "watch 90");
    }
}

TEST_F(ReflectorTest, PagesThatExpireAreAskedForInOneReply) {
    watch_from("7");
    reflector.watch_failed(failure(expired));
    EXPECT_EQ(next_after("wait 800ms"), "list 7");
    reflector.list_failed(failure(expired));
    EXPECT_EQ(next(), "list page 500");

    reflector.list_failed(failure(expired));

    EXPECT_EQ(next_after("wait 1s600ms"), "list ");
    reflector.listed("90");
    EXPECT_EQ(next(), "watch 90");
}

TEST_F(ReflectorTest, AServerThatIsAwayOrBusyIsAskedForTheSameWatchLater) {
    watch_from("7");

    reflector.watch_refused(failure(refused));
    EXPECT_EQ(next_after("wait 800ms"), "watch 7");
    reflector.watch_refused(failure(busy, 5s));
    EXPECT_EQ(next_after("wait 5s"), "watch 7");
    reflector.watch_began(now);
    reflector.watch_failed(failure(busy));
    EXPECT_EQ(next_after("wait 3s200ms"), "watch 7");
}

TEST_F(ReflectorTest, AnyOtherTroubleWithAWatchMayHaveCostAnEvent) {
    for (const auto kind : {unavailable, forbidden, unauthorized, invalid, not_found, expired}) {
        reflector = Reflector();
        watch_from("7");
        reflector.watch_refused(failure(kind));
        EXPECT_EQ(next_after("wait 800ms"), "list 7");
    }
    reflector = Reflector();
    watch_from("7");
    reflector.watch_failed(failure(unavailable));
    EXPECT_EQ(next_after("wait 800ms"), "list 7");
}

TEST_F(ReflectorTest, WaitsLongerAndLongerUntilItWasQuiet) {
    for (const auto* wait :
         {"wait 800ms", "wait 1s600ms", "wait 3s200ms", "wait 6s400ms", "wait 12s800ms", "wait 25s600ms", "wait 30s", "wait 30s"}) {
        reflector.list_failed(failure(unavailable));
        EXPECT_EQ(next_after(wait), "list page 500");
    }
    now += 121s;
    reflector.list_failed(failure(unavailable));
    EXPECT_EQ(next_after("wait 800ms"), "list page 500");
}

TEST_F(ReflectorTest, LuckSpreadsWaitsAndTimeOuts) {
    luck = 0.5;
    reflector.list_failed(failure(unavailable));
    EXPECT_EQ(next_after("wait 1s200ms"), "list page 500");
    reflector.listed("7");

    EXPECT_EQ(std::get<Reflector::Watch>(reflector.next(now, 0)).timeout, 300s);
    EXPECT_EQ(std::get<Reflector::Watch>(reflector.next(now, 0.5)).timeout, 450s);
}

TEST_F(ReflectorTest, AWaitThatIsInterruptedGoesOn) {
    reflector.list_failed(failure(unavailable));

    EXPECT_EQ(next(), "wait 800ms");
    now += 300ms;
    EXPECT_EQ(next(), "wait 500ms");
    now += 500ms;
    EXPECT_EQ(next(), "list page 500");
}

// R9: at most 20 calls in a second while the server is away, from every watch of a process together.
TEST_F(ReflectorTest, CallsSeldomWhileTheServerIsAway) {
    const auto end = now + 30min;
    int calls = 0;
    while (now < end) {
        const auto step = reflector.next(now, luck);
        if (const auto* wait = std::get_if<Reflector::Wait>(&step)) {
            now = wait->until;
            continue;
        }
        ++calls;
        reflector.list_failed(failure(refused));
    }
    EXPECT_LE(calls, 70);
}

}  // namespace
}  // namespace gk::wire::kubernetes
