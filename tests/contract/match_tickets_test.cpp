#include <algorithm>
#include <optional>

#include "async/task_group.hpp"
#include "tests/contract/match_store_suite.hpp"

// Who joins, waits, changes, leaves and expires.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;

TEST_P(MatchStoreContract, KeepsATicketAsItJoined) {
    const auto party = join(ticket(1, {"ann", "bob \"the\" \u00e9\\ builder"}));

    stores_->restart();

    EXPECT_EQ(stored(party.id), party);
    EXPECT_EQ(wait(store().ticket_of("default", "ann")).value(), party);
    EXPECT_EQ(wait(store().ticket(ticket_id(9))).error().kind, Kind::not_found);
    EXPECT_EQ(wait(store().ticket_of("other", "ann")).error().kind, Kind::not_found);
    EXPECT_EQ(told(party.id), "queued");
}

// S1-8.
TEST_P(MatchStoreContract, ARepeatedJoinFindsItsTicket) {
    const auto first = join(ticket(1, {"ann", "bob"}));

    const auto same = wait(store().join(ticket(2, {"bob", "ann"})));

    ASSERT_TRUE(same);
    EXPECT_EQ(same->outcome, JoinOutcome::same);
    EXPECT_EQ(same->ticket, first);
    EXPECT_EQ(wait(store().ticket(ticket_id(2))).error().kind, Kind::not_found);
}

TEST_P(MatchStoreContract, WhoWaitsElsewhereIsTaken) {
    const auto ann = join(ticket(1, {"ann"}));
    const auto bob = join(ticket(2, {"bob"}));

    const auto party = wait(store().join(ticket(3, {"cid", "bob", "ann"})));
    const auto smaller = wait(store().join(ticket(4, {"ann", "cid"})));

    ASSERT_TRUE(party && smaller);
    EXPECT_EQ(party->outcome, JoinOutcome::taken);
    EXPECT_EQ(party->ticket, bob) << "of the first who is taken";
    EXPECT_EQ(smaller->outcome, JoinOutcome::taken);
    EXPECT_EQ(join(ticket(5, {"cid"})).id, ticket_id(5)) << "a refused join leaves nothing";
}

TEST_P(MatchStoreContract, PlayersOfOtherTenantsAreOthers) {
    join(ticket(1, {"ann"}));
    auto other = ticket(2, {"ann"});
    other.tenant = "other";

    EXPECT_EQ(wait(store().join(other))->outcome, JoinOutcome::created);
    EXPECT_EQ(wait(store().ticket_of("other", "ann"))->id, other.id);
}

TEST_P(MatchStoreContract, AJoinWhoseAnswerWasLostIsAnsweredAgain) {
    const auto first = join(ticket(1, {"ann"}));

    const auto again = wait(stores_->there().join(first));

    EXPECT_EQ(again->outcome, JoinOutcome::created);
    EXPECT_EQ(again->ticket, first);
    EXPECT_EQ(told(first.id), "queued");
}

TEST_P(MatchStoreContract, ManyJoinsAtOnceHearEachTheirOwn) {
    constexpr int players = 100;
    std::vector<std::optional<Result<MatchStore::Joined, StoreError>>> answers(2 * players);
    async::TaskGroup tasks(io_.get_executor());
    for (int i = 0; i < players; ++i) {
        const auto name = "player-" + std::to_string(i);
        tasks.spawn("join", async::keep_result(stores_->here().join(ticket(i, {name})), answers[static_cast<std::size_t>(i)]));
        tasks.spawn("join", async::keep_result(stores_->there().join(ticket(players + i, {name})), answers[static_cast<std::size_t>(players + i)]));
    }
    async::run_until_done(io_, tasks.join());

    for (std::size_t i = 0; i < players; ++i) {
        ASSERT_TRUE(*answers[i] && *answers[players + i]);
        const auto &one = **answers[i], &other = **answers[players + i];
        EXPECT_EQ(one.ticket.id, other.ticket.id);
        EXPECT_NE(one.outcome == JoinOutcome::created, other.outcome == JoinOutcome::created);
    }
    EXPECT_EQ(count_events(), static_cast<std::size_t>(players));
}

TEST_P(MatchStoreContract, ACancelledTicketMayBeFollowedByAnother) {
    const auto first = join(ticket(1, {"ann"}));

    const auto cancelled = wait(store().cancel(first.id, start + 5s));
    const auto again = wait(store().cancel(first.id, start + 6s));

    ASSERT_TRUE(cancelled && again);
    EXPECT_EQ(cancelled->outcome, LeaveOutcome::cancelled);
    EXPECT_EQ(again->outcome, LeaveOutcome::cancelled);
    EXPECT_EQ(stored(first.id).state, TicketState::cancelled);
    EXPECT_EQ(told(first.id), "queued cancelled");
    join(ticket(2, {"ann"}));
    EXPECT_EQ(wait(store().ticket_of("default", "ann"))->id, ticket_id(2));
    EXPECT_EQ(wait(store().cancel(ticket_id(9), start)).error().kind, Kind::not_found);
}

TEST_P(MatchStoreContract, ACancelAfterTheMatchIsTooLate) {
    const auto ann = join(ticket(1, {"ann"}));
    const auto made = match_of(1, {ann});
    ASSERT_TRUE(commit(made).is_committed);

    const auto late = wait(store().cancel(ann.id, start + 70s));
    ASSERT_TRUE(become(made, MatchState::ended));
    const auto over = wait(store().cancel(ann.id, start + 71s));

    EXPECT_EQ(late->outcome, LeaveOutcome::too_late);
    EXPECT_EQ(late->ticket.match, made.id);
    EXPECT_EQ(over->outcome, LeaveOutcome::over);
}

TEST_P(MatchStoreContract, AWaitingTicketMayChange) {
    const auto party = join(ticket(1, {"ann", "bob"}));
    auto better = player("bob");
    better.attributes["skill"] = 20.0;
    better.latencies = {{"us", 7}};
    better.blocked.clear();

    const auto changed = wait(store().change(party.id, {better}, start + 5s));
    const auto repeated = wait(store().change(party.id, {better}, start + 6s));

    ASSERT_TRUE(changed && repeated);
    EXPECT_EQ(changed->players[0], party.players[0]);
    EXPECT_EQ(changed->players[1].attributes, better.attributes);
    EXPECT_EQ(changed->players[1].blocked, std::vector<std::string>{"zoe"});
    EXPECT_EQ(stored(party.id), *changed);
    EXPECT_EQ(told(party.id), "queued changed");
    EXPECT_EQ(wait(store().change(party.id, {player("eve")}, start)).error().kind, Kind::conflict);
    ASSERT_TRUE(commit(match_of(1, {party})).is_committed);
    EXPECT_EQ(wait(store().change(party.id, {better}, start)).error().kind, Kind::conflict);
    EXPECT_EQ(wait(store().change(ticket_id(9), {better}, start)).error().kind, Kind::not_found);
}

TEST_P(MatchStoreContract, WhoWaitsIsListedInTheOrderOfJoiningInPages) {
    for (const int number : {5, 3, 4, 1, 2}) join(ticket(number, {"p" + std::to_string(number)}));
    auto twin = ticket(6, {"twin"});
    twin.joined_at = start + 3s;
    join(twin);
    ASSERT_TRUE(wait(store().cancel(ticket_id(2), start)));

    stores_->restart();
    std::vector<TicketId> seen;
    std::optional<TicketId> last;
    for (;;) {
        const auto page = wait(store().waiting(last, 2));
        ASSERT_TRUE(page) << page.error().detail;
        for (const auto& it : *page) seen.push_back(it.id);
        if (page->size() < 2) break;
        last = seen.back();
    }

    EXPECT_EQ(seen, (std::vector{ticket_id(1), ticket_id(3), ticket_id(6), ticket_id(4), ticket_id(5)}));
    EXPECT_EQ(wait(store().waiting({}, 10))->at(1), ticket(3, {"p3"})) << "as it joined";
    EXPECT_EQ(wait(store().waiting(ticket_id(2), 10))->size(), 4u) << "goes on behind one that has gone";
}

TEST_P(MatchStoreContract, GivesManyTicketsAtOnce) {
    const auto one = join(ticket(1, {"ann"})), two = join(ticket(2, {"bob"}));

    auto found = wait(store().tickets({two.id, ticket_id(9), one.id})).value();

    std::ranges::sort(found, {}, &match::Ticket::id);
    EXPECT_EQ(found, (std::vector{one, two}));
    EXPECT_TRUE(wait(store().tickets({}))->empty());
}

TEST_P(MatchStoreContract, OnlyWhoWaitsExpires) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    ASSERT_TRUE(commit(match_of(1, {bob})).is_committed);

    const auto expired = wait(store().expire({ann.id, bob.id, ticket_id(9)}, "no_opponents", std::nullopt, start + 300s, epoch_));
    const auto again = wait(store().expire({ann.id, bob.id}, "no_opponents", std::nullopt, start + 301s, epoch_));

    EXPECT_EQ(expired.value(), std::vector{ann.id});
    EXPECT_EQ(again.value(), std::vector{ann.id}) << "the first answer may have been lost";
    EXPECT_EQ(stored(ann.id).state, TicketState::expired);
    EXPECT_EQ(stored(ann.id).reason, "no_opponents");
    EXPECT_EQ(told(ann.id), "queued expired");
    EXPECT_EQ(stored(bob.id).state, TicketState::matched);
    join(ticket(3, {"ann"}));
}

TEST_P(MatchStoreContract, WhoWasSeenDoesNotExpireForSilence) {
    const auto ann = join(ticket(1, {"ann"})), bob = join(ticket(2, {"bob"}));
    const auto events = count_events();
    ASSERT_TRUE(wait(store().touch({ann.id, ticket_id(9)}, start + 50s)));
    ASSERT_TRUE(wait(store().touch({ann.id}, start + 40s))) << "one that was late on its way";

    const auto silent = wait(store().expire({ann.id, bob.id}, "silent", start + 50s, start + 110s, epoch_));

    EXPECT_EQ(silent.value(), std::vector{bob.id});
    EXPECT_EQ(count_events(), events + 1);
    EXPECT_EQ(wait(store().expire({ann.id}, "silent", start + 51s, start + 111s, epoch_)).value(), std::vector{ann.id});
}

}  // namespace
}  // namespace gk::contract
