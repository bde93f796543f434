#include "domain/match/step.hpp"

#include <gtest/gtest.h>

namespace gk::match {
namespace {

using namespace std::chrono_literals;

TicketId ticket(std::uint8_t number) { return TicketId(uuid_from_random({number})); }

Member member(std::string player, std::uint8_t of) {
    return {.player = std::move(player), .ticket = ticket(of), .team = {}, .accepted = {}, .left_at = {}};
}

// Ann and Bob are a party; Cid is alone.
Match match_in(MatchState state) {
    Match match;
    match.state = state;
    match.members = {member("ann", 1), member("bob", 1), member("cid", 2)};
    return match;
}

// "1 queued put_back; 2 failed failed"
std::string told(const Step& step) {
    std::string text;
    for (const auto& it : step.tickets) {
        text += (text.empty() ? "" : "; ") + std::to_string(it.ticket.bits()[0]) + " " + std::string(name_of(it.state)) + " " + std::string(it.what);
    }
    return text;
}

TEST(MatchStep, TellsEveryTicketOnce) {
    auto wanted = match_in(MatchState::assigned);
    wanted.server = MatchServer{.name = "s", .host = "192.0.2.1", .port = 4000};

    const auto assigned = step(match_in(MatchState::placing), wanted, {});

    ASSERT_TRUE(assigned);
    EXPECT_EQ(told(*assigned), "1 matched assigned; 2 matched assigned");
    EXPECT_EQ(assigned->tickets.front().detail, "192.0.2.1:4000");
    EXPECT_EQ(assigned->match, wanted);
}

TEST(MatchStep, EndsItsTicketsWithItsReason) {
    auto wanted = match_in(MatchState::ended);
    wanted.end_reason = "server_exited";

    const auto ended = step(match_in(MatchState::assigned), wanted, {});

    EXPECT_EQ(told(*ended), "1 ended ended; 2 ended ended");
    EXPECT_EQ(ended->tickets.front().reason, "server_exited");
}

TEST(MatchStep, PutsBackThoseItNamesWhenItFails) {
    const auto failed = step(match_in(MatchState::accepting), match_in(MatchState::failed), std::array{ticket(2)});

    EXPECT_EQ(told(*failed), "1 failed failed; 2 queued put_back");
}

TEST(MatchStep, DoesNotPutBackWhomSomebodyHasLeft) {
    auto stored = match_in(MatchState::placing);
    stored.members[1].left_at = Time(1s);

    const auto failed = step(stored, match_in(MatchState::failed), std::array{ticket(1), ticket(2)});

    EXPECT_EQ(told(*failed), "1 failed failed; 2 queued put_back");
}

TEST(MatchStep, ATicketEndsWhenAllItsPlayersHaveLeft) {
    auto stored = match_in(MatchState::assigned);
    auto wanted = stored;
    wanted.members[0].left_at = Time(1s);

    const auto first = step(stored, wanted, {});
    wanted = first->match;
    wanted.members[1].left_at = Time(2s);
    const auto second = step(first->match, wanted, {});

    EXPECT_EQ(told(*first), "1 matched left");
    EXPECT_EQ(first->left.size(), 1u);
    EXPECT_EQ(told(*second), "1 ended left");
    auto end = second->match;
    end.state = MatchState::ended;
    EXPECT_EQ(told(*step(second->match, end, {})), "2 ended ended") << "who has gone is told no more";
}

// Two replicas answer for two players, each without having heard of the other.
TEST(MatchStep, KeepsWhatOthersHaveSaidMeanwhile) {
    auto stored = match_in(MatchState::accepting);
    stored.members[0].accepted = true;
    auto wanted = match_in(MatchState::accepting);
    wanted.members[2].accepted = false;
    wanted.members.erase(wanted.members.begin() + 1);

    const auto merged = step(stored, wanted, {})->match;

    ASSERT_EQ(merged.members.size(), 3u);
    EXPECT_EQ(merged.members[0].accepted, true);
    EXPECT_EQ(merged.members[2].accepted, false);
}

TEST(MatchStep, MayBeRepeatedAndNeverGoesBack) {
    const auto placing = match_in(MatchState::placing);
    EXPECT_EQ(told(*step(placing, placing, {})), "");
    EXPECT_FALSE(step(placing, match_in(MatchState::claimed), {}));
    EXPECT_NE(step(match_in(MatchState::ended), match_in(MatchState::failed), {}).error().find("is ended and cannot become failed"),
              std::string::npos);

    auto again = match_in(MatchState::ended);
    again.end_reason = "another one";
    EXPECT_EQ(step(match_in(MatchState::ended), again, {})->match, match_in(MatchState::ended));
}

TEST(MatchStep, ABackfillAddsWhoIsNotThere) {
    auto proposed = match_in(MatchState::claimed);
    proposed.members = {member("cid", 2), member("dan", 3)};
    proposed.open_slots = 1;

    const auto filled = with_members_of(match_in(MatchState::assigned), proposed);

    EXPECT_EQ(filled.members.size(), 4u);
    EXPECT_EQ(filled.state, MatchState::assigned);
    EXPECT_EQ(filled.open_slots, 1u);
    EXPECT_TRUE(new_members(&filled, proposed).empty());
    EXPECT_EQ(new_members(nullptr, proposed).size(), 2u);
}

Player named(std::string id, double skill = 0) {
    return {.id = std::move(id), .attributes = {{"skill", skill}}, .latencies = {}, .blocked = {"zoe"}};
}

TEST(TicketChange, ReplacesWhatPlayersBringAlong) {
    Ticket waiting;
    waiting.players = {named("ann", 1), named("bob", 2)};
    auto better = named("bob", 3);
    better.blocked.clear();

    const auto changed_ticket = changed(waiting, std::array{better});

    ASSERT_TRUE(changed_ticket);
    EXPECT_EQ(changed_ticket->players, (std::vector{named("ann", 1), named("bob", 3)})) << "whom they block stays";
}

TEST(TicketChange, IsRefusedForOthersAndWhenItDoesNotWait) {
    Ticket waiting;
    waiting.players = {named("ann")};
    auto matched = waiting;
    matched.state = TicketState::matched;

    EXPECT_NE(changed(waiting, std::array{named("eve")}).error().find("player eve is not on ticket"), std::string::npos);
    EXPECT_NE(changed(matched, std::array{named("ann")}).error().find("is matched"), std::string::npos);
}

}  // namespace
}  // namespace gk::match
