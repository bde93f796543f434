#include "domain/fleet/fleet.hpp"

#include <gtest/gtest.h>

#include "domain/fleet/roster.hpp"

namespace gk::fleet {
namespace {
using namespace std::chrono_literals;
using enum ServerState;

constexpr Time now{Milliseconds(1'800'000'000'000)};

Fleet fleet_of(std::uint32_t ready, std::uint32_t most = 100) {
    Fleet fleet;
    fleet.name = "duels";
    fleet.ready = ready;
    fleet.most = most;
    return fleet;
}

// Told apart by state, generation and number.
ServerUid uid_of(ServerState state, std::uint64_t generation, std::uint32_t number) {
    UuidBits bits{};
    bits[0] = static_cast<std::uint8_t>(state);
    bits[1] = static_cast<std::uint8_t>(generation);
    bits[2] = static_cast<std::uint8_t>(number >> 8);
    bits[3] = static_cast<std::uint8_t>(number);
    return ServerUid(bits);
}

std::vector<Server> servers(std::uint32_t count, ServerState state, std::uint64_t generation = 1) {
    std::vector<Server> out;
    for (std::uint32_t i = 0; i < count; ++i)
        out.push_back(
            {.uid = uid_of(state, generation, i), .state = state, .generation = generation, .since = now - 10s + i * 1ms, .silent_since = {}});
    return out;
}

Plan plan(const Fleet& fleet, const std::vector<Server>& servers, const Use& use, Time at) {
    Roster roster;
    for (const auto& server : servers) roster.put(server);
    return plan(fleet, roster, 0, use, at);
}

std::vector<Server> operator+(std::vector<Server> a, const std::vector<Server>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

TEST(Fleet, StartsWhatIsMissing) {
    EXPECT_EQ(plan(fleet_of(5), {}, {}, now).start, 5U);
    EXPECT_EQ(plan(fleet_of(5), servers(2, ready) + servers(1, starting), {}, now).start, 2U);
    EXPECT_EQ(plan(fleet_of(5), servers(5, ready), {}, now).start, 0U);
}

TEST(Fleet, OnesInMatchesAreNotReady) { EXPECT_EQ(plan(fleet_of(5), servers(40, allocated), {}, now).start, 5U); }

TEST(Fleet, NeverStartsMoreThanItsMost) {
    const auto out = plan(fleet_of(5, 42), servers(40, allocated), {}, now);
    EXPECT_EQ(out.start, 2U);

    const auto full = plan(fleet_of(5, 40), servers(40, allocated), {}, now);
    EXPECT_EQ(full.start, 0U);
    EXPECT_EQ(full.limit, "max");
}

TEST(Fleet, StartsFewAtOnce) {
    auto fleet = fleet_of(50);
    fleet.starting_most = 8;
    EXPECT_EQ(plan(fleet, {}, {}, now).start, 8U);
    EXPECT_EQ(plan(fleet, servers(8, starting), {}, now).start, 0U);
}

TEST(Fleet, StopsWhatIsTooMuchTheNewestFirst) {
    const auto out = plan(fleet_of(2), servers(4, ready), {}, now);
    EXPECT_EQ(out.stop, (std::vector{uid_of(ready, 1, 3), uid_of(ready, 1, 2)}));
}

TEST(Fleet, NeverStopsAServerInAMatch) {
    auto fleet = fleet_of(0, 1);
    fleet.generation = 2;
    EXPECT_TRUE(plan(fleet, servers(10, allocated), {}, now).stop.empty());
}

// A server whose shim is silent may be on a dead node: Agones hands such servers out for five minutes.
TEST(Fleet, ASilentServerIsNotHandedOutAndThenReplaced) {
    auto list = servers(1, ready);
    list[0].silent_since = now - 4999ms;
    EXPECT_TRUE(may_be_allocated(list[0], now));
    EXPECT_EQ(plan(fleet_of(1), list, {}, now).start, 0U);

    list[0].silent_since = now - 5s;
    EXPECT_FALSE(may_be_allocated(list[0], now));
    const auto silent = plan(fleet_of(1), list, {}, now);
    EXPECT_EQ(silent.start, 1U);
    EXPECT_TRUE(silent.stop.empty());
    EXPECT_EQ(silent.next, now + 25s);

    list[0].silent_since = now - 30s;
    EXPECT_EQ(plan(fleet_of(1), list, {}, now).stop, std::vector{uid_of(ready, 1, 0)});
}

TEST(Fleet, AServerThatDoesNotComeUpIsReplaced) {
    auto list = servers(1, starting);
    list[0].since = now - 45s;
    const auto out = plan(fleet_of(1), list, {}, now);
    EXPECT_EQ(out.stop, std::vector{uid_of(starting, 1, 0)});
    EXPECT_EQ(out.start, 1U);
}

TEST(Fleet, FailedStartsAreRepeatedLaterAndLater) {
    Use use;
    note_failed(use, now);
    const auto first = plan(fleet_of(1), {}, use, now + 999ms);
    EXPECT_EQ(first.start, 0U);
    EXPECT_EQ(first.limit, "back_off");
    EXPECT_EQ(first.next, now + 1s);
    EXPECT_EQ(plan(fleet_of(1), {}, use, now + 1s).start, 1U);

    EXPECT_EQ(back_off(3), 4s);
    EXPECT_EQ(back_off(60), 60s);

    note_ready(use, 800ms);
    EXPECT_EQ(plan(fleet_of(1), {}, use, now).start, 1U);
}

// Each old one goes when a new one is ready to stand in for it; at no time fewer wait than wanted.
TEST(Fleet, AnUpdateReplacesWhatWaitsOneForOne) {
    auto fleet = fleet_of(3);
    fleet.generation = 2;

    const auto begun = plan(fleet, servers(3, ready, 1), {}, now);
    EXPECT_EQ(begun.start, 3U);
    EXPECT_TRUE(begun.stop.empty());

    const auto halfway = plan(fleet, servers(3, ready, 1) + servers(1, ready, 2) + servers(2, starting, 2), {}, now);
    EXPECT_EQ(halfway.start, 0U);
    EXPECT_EQ(halfway.stop, std::vector{uid_of(ready, 1, 2)});
}

TEST(Fleet, AnUpdateOfAFullFleetMakesRoom) {
    auto fleet = fleet_of(8, 8);
    fleet.generation = 2;
    EXPECT_EQ(plan(fleet, servers(8, ready, 1), {}, now).stop.size(), 2U);
    // Once there is room, a new one is waited for.
    EXPECT_TRUE(plan(fleet, servers(6, ready, 1) + servers(2, starting, 2), {}, now).stop.empty());
}

TEST(Fleet, AnUpdateEndsOldOnesThatOnlyStart) {
    auto fleet = fleet_of(1);
    fleet.generation = 2;
    EXPECT_EQ(plan(fleet, servers(1, starting, 1), {}, now).stop, std::vector{uid_of(starting, 1, 0)});
}

Fleet piloted() {
    auto fleet = fleet_of(0, 1000);
    fleet.starting_most = 1000;
    fleet.autopilot = Autopilot{.least = 2, .most = 50, .percent = 20, .calm = 5min};
    return fleet;
}

TEST(Autopilot, KeepsAShareOfWhatIsUsed) {
    EXPECT_EQ(plan(piloted(), {}, {}, now).start, 2U);
    EXPECT_EQ(plan(piloted(), servers(100, allocated), {}, now).start, 20U);
    EXPECT_EQ(plan(piloted(), servers(900, allocated), {}, now).start, 50U);
}

TEST(Autopilot, KeepsWhatIsTakenWhileOneStarts) {
    Use use;
    use.taken_per_second = 4;
    use.start_time = 3s;
    EXPECT_EQ(plan(piloted(), {}, use, now).start, 12U);
}

TEST(Autopilot, FewerOnlyAfterACalmTime) {
    const auto busy = plan(piloted(), servers(100, allocated), {}, now);
    ASSERT_EQ(busy.use.wanted, 20U);

    const auto soon = plan(piloted(), servers(20, ready), busy.use, now + 4min);
    EXPECT_EQ(soon.use.wanted, 20U);
    EXPECT_EQ(soon.next, now + 5min);

    const auto later = plan(piloted(), servers(20, ready), soon.use, now + 5min);
    EXPECT_EQ(later.use.wanted, 2U);
    EXPECT_EQ(later.stop.size(), 18U);
}

TEST(Autopilot, LearnsHowFastServersAreTaken) {
    Use use;
    for (int i = 0; i < 100; ++i) note_taken(use, 100ms);
    EXPECT_NEAR(use.taken_per_second, 10, 0.1);
}

}  // namespace
}  // namespace gk::fleet
