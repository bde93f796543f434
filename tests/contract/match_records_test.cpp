#include "tests/contract/match_store_suite.hpp"

// Events, queues, ratings, and what is removed.
namespace gk::contract {
namespace {

using namespace std::chrono_literals;
using Kind = StoreError::Kind;

TEST_P(MatchStoreContract, TellsWhatHappenedToWhom) {
    const auto party = join(ticket(1, {"ann", "bob"})), cid = join(ticket(2, {"cid"}));
    auto made = match_of(1, {party, cid});
    ASSERT_TRUE(commit(made).is_committed);
    made.server = match::MatchServer{.name = "s", .host = "192.0.2.1", .port = 4000};
    ASSERT_TRUE(become(made, MatchState::assigned));

    MatchStore::EventFilter of_bob;
    of_bob.player = "bob";
    const auto events = wait(stores_->there().events(of_bob)).value();
    auto rest = of_bob, other = of_bob;
    rest.after = events[1].number;
    rest.limit = 1;
    other.tenant = "other";

    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].what, "queued");
    EXPECT_EQ(events[0].at, party.joined_at);
    EXPECT_EQ(events[0].match, std::nullopt);
    EXPECT_EQ(events[0].players, (std::vector<std::string>{"ann", "bob"}));
    EXPECT_EQ(events[1].what, "claimed");
    EXPECT_EQ(events[1].at, made.claimed_at);
    EXPECT_EQ(events[1].match, made.id);
    EXPECT_EQ(events[2].what, "assigned");
    EXPECT_EQ(events[2].detail, "192.0.2.1:4000");
    EXPECT_EQ(events[2].at, start + 90s);
    ASSERT_EQ(wait(store().events(rest))->size(), 1u);
    EXPECT_EQ(wait(store().events(rest))->front().number, events[2].number);
    EXPECT_TRUE(wait(store().events(other))->empty());
}

TEST_P(MatchStoreContract, NumbersOfEventsGrowThroughARestart) {
    EXPECT_EQ(wait(store().last_event()).value(), 0u);
    join(ticket(1, {"ann"}));
    stores_->restart();
    join(ticket(2, {"bob"}));

    MatchStore::EventFilter everybody;
    const auto events = wait(store().events(everybody)).value();

    ASSERT_EQ(events.size(), 2u);
    EXPECT_LT(events[0].number, events[1].number);
    everybody.after = events[1].number;
    EXPECT_TRUE(wait(store().events(everybody))->empty());
    EXPECT_EQ(wait(store().last_event()).value(), events[1].number);
}

TEST_P(MatchStoreContract, WakesThoseWhoWatch) {
    int woken = 0;
    auto handle = store().watch([&] { ++woken; });

    join(ticket(1, {"ann"}));
    settle();
    EXPECT_GE(woken, 1);
    woken = 0;
    ASSERT_TRUE(wait(store().touch({ticket_id(1)}, start)));
    ASSERT_EQ(wait(store().join(ticket(2, {"ann"})))->outcome, JoinOutcome::same);
    settle();
    EXPECT_EQ(woken, 0) << "nothing has happened";
    handle.reset();
    join(ticket(3, {"bob"}));
    settle();
    EXPECT_EQ(woken, 0);
}

TEST_P(MatchStoreContract, KeepsQueues) {
    QueueRecord ranked{.name = "ranked", .game = "match-server", .fleet = {}, .rules = Value::object({{"session_size", 12}}), .shadow = {}};
    QueueRecord casual{.name = "casual", .game = "tag", .fleet = "f", .rules = Value::object({{"a", 1.5}}), .shadow = Value::object({{"b", "c"}})};
    casual.ticket_ttl = 90s;
    casual.silence = 20s;
    casual.generation = 3;
    ASSERT_TRUE(wait(store().put(ranked)));
    ASSERT_TRUE(wait(store().put(casual)));
    ranked.generation = 2;
    ASSERT_TRUE(wait(store().put(ranked)));

    stores_->restart();

    const auto all = wait(store().queues()).value();
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].name, "casual");
    EXPECT_EQ(all[0].game, "tag");
    EXPECT_EQ(all[0].fleet, "f");
    EXPECT_EQ(all[0].rules, casual.rules);
    EXPECT_EQ(all[0].shadow, casual.shadow);
    EXPECT_EQ(all[0].ticket_ttl, 90s);
    EXPECT_EQ(all[0].silence, 20s);
    EXPECT_EQ(all[0].generation, 3u);
    EXPECT_EQ(all[1].generation, 2u);
    EXPECT_EQ(all[1].shadow, std::nullopt);
    ASSERT_TRUE(wait(store().remove_queue("ranked")));
    ASSERT_TRUE(wait(store().remove_queue("ranked")));
    EXPECT_EQ(wait(store().queues())->size(), 1u);
}

TEST_P(MatchStoreContract, TakesTheResultsOfAMatchOnce) {
    const auto made = match_of(1, {join(ticket(1, {"ann"}))});
    ASSERT_TRUE(commit(made).is_committed);
    const PlayerRating better{
        .player = "ann", .queue = "ranked", .standing = {.value = 1510.125, .deviation = 80.1, .volatility = 0.06}, .matches = 1};
    auto worse = better;
    worse.standing.value = 3;

    EXPECT_TRUE(wait(store().rate(made.id, {better}, epoch_)).value());
    EXPECT_FALSE(wait(store().rate(made.id, {worse}, epoch_)).value());

    stores_->restart();
    const auto known = wait(store().ratings("ranked", {"bob", "ann"})).value();
    ASSERT_EQ(known.size(), 1u);
    EXPECT_EQ(known[0].player, "ann");
    EXPECT_EQ(known[0].queue, "ranked");
    EXPECT_EQ(known[0].standing, better.standing);
    EXPECT_EQ(known[0].matches, 1u);
    EXPECT_TRUE(wait(store().ratings("casual", {"ann"}))->empty());
    EXPECT_EQ(wait(store().rate(match_id(9), {better}, epoch_)).error().kind, Kind::not_found);
}

// Two matches of one player whose results come at the same time: neither is lost.
TEST_P(MatchStoreContract, RefusesARatingThatDoesNotFollowOnTheStoredOne) {
    const auto first = match_of(1, {join(ticket(1, {"ann"}))}), second = match_of(2, {join(ticket(2, {"bob"}))});
    ASSERT_TRUE(commit(first).is_committed);
    ASSERT_TRUE(commit(second).is_committed);
    PlayerRating ann{.player = "ann", .queue = "ranked", .standing = {.value = 1500, .deviation = 80}, .matches = 1};
    auto bob = ann;
    bob.player = "bob";
    ASSERT_TRUE(wait(store().rate(first.id, {ann}, no_keeper)).value());

    EXPECT_EQ(wait(store().rate(second.id, {bob, ann}, no_keeper)).error().kind, Kind::conflict);
    EXPECT_TRUE(wait(store().ratings("ranked", {"bob"}))->empty());
    ann.matches = 2;
    EXPECT_TRUE(wait(store().rate(second.id, {bob, ann}, no_keeper)).value());
    EXPECT_FALSE(wait(store().rate(second.id, {bob, ann}, no_keeper)).value()) << "again, whatever is stored by now";
}

TEST_P(MatchStoreContract, RemovesWhatIsLongOver) {
    const auto old = join(ticket(1, {"ann"})), played = join(ticket(2, {"bob"})), waits = join(ticket(3, {"cid"}));
    const auto made = match_of(1, {played});
    ASSERT_TRUE(commit(made).is_committed);
    ASSERT_TRUE(become(made, MatchState::ended));
    ASSERT_TRUE(wait(store().cancel(old.id, start + 10s)));

    EXPECT_EQ(wait(store().prune(start + 10s, 100)).value(), 0u);
    EXPECT_EQ(wait(store().prune(start + 11s, 100)).value(), 1u) << "the cancelled ticket";
    EXPECT_EQ(wait(store().ticket(old.id)).error().kind, Kind::not_found);
    EXPECT_EQ(wait(store().ticket_of("default", "ann")).error().kind, Kind::not_found);
    EXPECT_EQ(told(old.id), "");
    EXPECT_EQ(wait(store().prune(start + 91s, 100)).value(), 2u) << "a match and its ticket";
    EXPECT_EQ(wait(store().match(made.id)).error().kind, Kind::not_found);
    EXPECT_EQ(stored(waits.id), waits);
    EXPECT_EQ(told(waits.id), "queued");
    EXPECT_EQ(wait(store().prune(start + 999s, 100)).value(), 0u);
}

TEST_P(MatchStoreContract, RemovesALittleAtATime) {
    for (int number = 1; number <= 5; ++number) {
        join(ticket(number, {"p" + std::to_string(number)}));
        ASSERT_TRUE(wait(store().cancel(ticket_id(number), start)));
    }

    EXPECT_EQ(wait(store().prune(start + 1s, 2)).value(), 2u);
    EXPECT_EQ(wait(store().prune(start + 1s, 2)).value(), 2u);
    EXPECT_EQ(wait(store().prune(start + 1s, 2)).value(), 1u);
}

}  // namespace
}  // namespace gk::contract
