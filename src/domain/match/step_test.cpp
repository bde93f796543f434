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
    const auto failed = step(match_in(MatchState::placing), match_in(MatchState::failed), std::array{ticket(2)});

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

TEST(MatchStep, TellsOfEachAnswerOnce) {
    auto stored = match_in(MatchState::accepting);
    auto wanted = stored;
    wanted.members[0].accepted = true;
    wanted.members[2].accepted = false;

    const auto answered = step(stored, wanted, {});

    EXPECT_EQ(told(*answered), "1 matched accepted; 2 matched declined");
    EXPECT_EQ(answered->tickets.front().detail, "ann");
    EXPECT_EQ(told(*step(answered->match, wanted, {})), "");
}

// Who is to wait again is decided by who asked them, but an answer that came in between counts.
TEST(MatchStep, WhenPlayersWereAskedEachTicketEndsAsItsPlayersHaveSaid) {
    struct Row {
        const char* what;
        std::array<std::optional<bool>, 3> answers;
        const char* told;
    };
    for (const auto& row : {
             Row{"all of the party", {true, true, {}}, "1 queued put_back; 2 expired expired"},
             Row{"half of the party", {true, {}, true}, "1 expired expired; 2 queued put_back"},
             Row{"one of the party declined", {true, false, true}, "1 cancelled cancelled; 2 queued put_back"},
             Row{"nobody", {}, "1 expired expired; 2 expired expired"},
         }) {
        auto stored = match_in(MatchState::accepting);
        for (std::size_t i = 0; i < 3; ++i) stored.members[i].accepted = row.answers[i];
        EXPECT_EQ(told(*step(stored, match_in(MatchState::failed), {})), row.told) << row.what;
    }
    EXPECT_EQ(told(*step(match_in(MatchState::accepting), match_in(MatchState::failed), std::array{ticket(1)})),
              "1 queued put_back; 2 expired expired")
        << "nobody who has been asked for long enough: named by who asked them";
}

TEST(MatchStep, AnAnswerIsNotTakenBack) {
    auto stored = match_in(MatchState::accepting);
    stored.members[0].accepted = true;
    auto wanted = stored;
    wanted.members[0].accepted = false;

    const auto repeated = step(stored, wanted, {});

    EXPECT_EQ(repeated->match.members[0].accepted, true);
    EXPECT_EQ(told(*repeated), "");
}

TEST(MatchStep, WhoComesInLaterIsToldWhereTheMatchIs) {
    auto stored = match_in(MatchState::placing);
    auto wanted = match_in(MatchState::assigned);
    wanted.assigned_at = Time(1s);
    wanted.server = MatchServer{.name = "s", .host = "192.0.2.1", .port = 4000};
    stored = step(stored, wanted, {})->match;
    EXPECT_EQ(stored.members[0].told_at, Time(1s));
    stored.members.push_back(member("dan", 3));

    wanted = stored;
    wanted.members[3].told_at = Time(5s);
    const auto welcomed = step(stored, wanted, {});

    EXPECT_EQ(told(*welcomed), "3 matched assigned");
    EXPECT_EQ(welcomed->tickets[0].detail, "192.0.2.1:4000");
    EXPECT_EQ(told(*step(welcomed->match, wanted, {})), "");
}

TEST(MatchStep, TheNewestWordCountsOfHowManyAMatchIsKeptAt) {
    const auto stored = match_in(MatchState::assigned);
    auto asked = stored;
    asked.kept_at = 5;
    asked.kept_since = Time(5s);
    auto stale = stored;
    stale.members[2].left_at = Time(6s);

    const auto open = step(stored, asked, {});
    const auto left = step(open->match, stale, {});

    EXPECT_EQ(told(*open), "1 matched open; 2 matched open");
    EXPECT_EQ(open->tickets[0].detail, "2");
    EXPECT_EQ(left->match.kept_at, 5u);
    EXPECT_EQ(open_slots(left->match), 3u);
    EXPECT_EQ(told(*left), "2 ended left");
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

    auto running = match_in(MatchState::assigned);
    running.kept_at = 5;

    const auto filled = with_members_of(running, proposed);

    EXPECT_EQ(filled.members.size(), 4u);
    EXPECT_EQ(filled.state, MatchState::assigned);
    EXPECT_EQ(open_slots(running), 2u);
    EXPECT_EQ(open_slots(filled), 1u);
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
