#include "domain/match/reception.hpp"

#include <gtest/gtest.h>

#include "domain/match/step.hpp"

namespace gk::match {
namespace {

using namespace std::chrono_literals;

constexpr Time now{100s};
constexpr Milliseconds acceptance = 10s;
const TicketId first(UuidBits{1});
const TicketId party(UuidBits{2});

// Ann plays; Bob and Cid have come in together.
Match running() {
    Match match;
    match.state = MatchState::assigned;
    match.server = {.name = "game-server", .host = "192.0.2.1", .port = 7777};
    match.assigned_at = now - 60s;
    match.members.push_back({.player = "ann", .ticket = first, .team = "a", .accepted = {}, .left_at = {}, .told_at = now - 60s});
    for (const auto* player : {"bob", "cid"})
        match.members.push_back({.player = player, .ticket = party, .team = "b", .accepted = {}, .left_at = {}});
    return match;
}
Match asked() { return receive(running(), acceptance, now).match; }

TEST(Reception, WhereNobodyIsAskedWhoComesInIsToldAtOnce) {
    const auto done = receive(running(), 0ms, now);

    EXPECT_TRUE(done.is_changed);
    EXPECT_TRUE(done.has_newcomers);
    EXPECT_FALSE(done.due);
    for (const auto* member : {&done.match.members[1], &done.match.members[2]}) EXPECT_EQ(member->told_at, now);
    EXPECT_FALSE(receive(done.match, 0ms, now).is_changed) << "once";
}

TEST(Reception, WhereTheyAreAskedTheyWaitForEachOther) {
    const auto begun = receive(running(), acceptance, now);
    EXPECT_TRUE(begun.is_changed);
    EXPECT_FALSE(begun.has_newcomers);
    EXPECT_EQ(begun.due, now + acceptance);

    auto match = begun.match;
    match.members[1].accepted = true;
    const auto half = receive(match, acceptance, now + 1s);
    EXPECT_FALSE(half.is_changed);
    EXPECT_EQ(half.due, now + acceptance) << "an answer gives nobody more time";

    match.members[2].accepted = true;
    const auto whole = receive(match, acceptance, now + 2s);
    EXPECT_TRUE(whole.has_newcomers);
    EXPECT_EQ(whole.match.members[2].told_at, now + 2s);
    EXPECT_EQ(whole.match.members[0].told_at, now - 60s) << "who plays is left in peace";
}

TEST(Reception, WhoHasBeenAskedIsWaitedForWhateverBecomesOfTheQueue) { EXPECT_FALSE(receive(asked(), 0ms, now + 1s).is_changed); }

TEST(Reception, AtTheFirstNoAllOfThemLeave) {
    auto match = asked();
    match.members[1].accepted = true;
    match.members[2].accepted = false;
    const auto done = receive(match, acceptance, now + 1s);

    EXPECT_FALSE(done.has_newcomers);
    for (const auto* member : {&done.match.members[1], &done.match.members[2]}) EXPECT_EQ(member->left_at, now + 1s);
    const auto stored = step(match, done.match, {});
    ASSERT_TRUE(stored) << stored.error();
    ASSERT_EQ(stored->tickets.size(), 2U) << "one word for each who has left";
    EXPECT_EQ(stored->tickets.back().state, TicketState::cancelled);
    EXPECT_EQ(stored->tickets.back().reason, "declined");
    EXPECT_EQ(stored->left.size(), 2U);
}

TEST(Reception, WhoSaysNothingLeavesWhenTheTimeIsOver) {
    EXPECT_FALSE(receive(asked(), acceptance, now + acceptance - 1ms).is_changed);
    const auto done = receive(asked(), acceptance, now + acceptance);
    EXPECT_TRUE(done.is_changed);
    EXPECT_FALSE(done.due);
    const auto stored = step(asked(), done.match, {});
    ASSERT_TRUE(stored) << stored.error();
    EXPECT_EQ(stored->tickets.back().state, TicketState::expired);
    EXPECT_EQ(stored->tickets.back().reason, "not_accepted");
    EXPECT_EQ(players_of(stored->match), 1U);
}

// The answer was stored after the match was read.
TEST(Reception, WhoHasAcceptedJustInTimeStays) {
    const auto late = receive(asked(), acceptance, now + acceptance);
    auto stored = asked();
    for (auto& member : stored.members) {
        if (member.ticket == party) member.accepted = true;
    }
    const auto done = step(stored, late.match, {});
    ASSERT_TRUE(done) << done.error();
    EXPECT_EQ(players_of(done->match), 3U);
    EXPECT_TRUE(receive(done->match, acceptance, now + acceptance).has_newcomers);
}

TEST(Reception, WhoLeavesWhileItIsAskedHasLeft) {
    auto leaving = asked();
    for (auto& member : leaving.members) {
        if (member.ticket == party) member.left_at = now + 1s;
    }
    const auto stored = step(asked(), leaving, {});
    ASSERT_TRUE(stored) << stored.error();
    EXPECT_EQ(stored->tickets.back().state, TicketState::ended);
    EXPECT_EQ(stored->tickets.back().reason, "left");
}

TEST(Reception, WhoIsAskedHearsOfItOnceAndDoesNotSeeTheServer) {
    const auto stored = step(running(), asked(), {});
    ASSERT_TRUE(stored) << stored.error();
    ASSERT_EQ(stored->tickets.size(), 1U);
    EXPECT_EQ(stored->tickets[0].ticket, party);
    EXPECT_EQ(stored->tickets[0].what, "accepting");

    const auto seen = as_seen_by(stored->match, party);
    EXPECT_EQ(seen.state, MatchState::accepting);
    EXPECT_EQ(seen.deadline, now + acceptance);
    EXPECT_FALSE(seen.server);
    EXPECT_EQ(as_seen_by(stored->match, first), stored->match);
}

}  // namespace
}  // namespace gk::match
