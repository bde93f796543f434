// What the next control plane makes of the servers that the one before it has left.

#include "tests/match/fleets_rig.hpp"

namespace gk::app {
namespace {

using FleetsRestartTest = FleetsRig;

TEST_F(FleetsRestartTest, AfterARestartTheSameServersServe) {
    begin();
    put(2);
    const auto match = new_match();
    const auto server = take(match);
    settle();
    tasks.cancel();
    wait(tasks.join());
    const auto launches = arena.launches;

    async::TaskGroup again(io.get_executor());
    Fleets next(io.get_executor(), {store, arena, clock, starter});
    again.spawn("fleets", next.work(shift));
    settle();

    EXPECT_EQ(wait(next.take(match, queue("duels"))).value(), server);
    EXPECT_EQ(arena.launches, launches);
    again.cancel();
    wait(again.join());
}

TEST_F(FleetsRestartTest, AfterARestartServersCountAsBefore) {
    each.memory = {100};
    begin();
    put(0, 1);
    ASSERT_TRUE(*start(new_match(), "duels"));
    tasks.cancel();
    wait(tasks.join());
    fleets.reset();
    ASSERT_EQ(room.held_by(MemoryRoom::Holder::match_server).count, 0);

    async::TaskGroup again(io.get_executor());
    Fleets next(io.get_executor(), {store, arena, clock, starter});
    again.spawn("fleets", next.work(shift));
    settle();
    const auto refused = wait(next.start(new_match(), queue("duels"), clock.now()));

    EXPECT_EQ(room.held_by(MemoryRoom::Holder::match_server).count, 100);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "exhausted");
    again.cancel();
    wait(again.join());
}

// Between two shifts of this process another one has ended a server and has given its port to a new one.
TEST_F(FleetsRestartTest, AtATakeoverPortsBelongToWhomTheRowsSay) {
    begin();
    put(2);
    tasks.cancel();
    wait(tasks.join());
    const auto gone = wait(store.servers())->front();
    auto fresh = gone;
    fresh.uid = fleet::match_server_uid({1, 2, 3});
    fresh.name = "duels-of-another";
    ASSERT_TRUE(wait(store.remove(gone.uid, Epoch{1})));
    ASSERT_TRUE(wait(store.put(fresh, Epoch{1})));
    arena.games[fresh.uid] = std::exchange(arena.games.at(gone.uid), {});
    arena.games.erase(gone.uid);

    async::TaskGroup again(io.get_executor());
    Fleets next(io.get_executor(), {store, arena, clock, starter});
    again.spawn("fleets", next.work(shift));
    settle();

    std::map<ServerUid, Port> wanted, held;
    const auto rows = *wait(store.servers());
    for (const auto& row : rows) wanted[row.uid] = row.ports.front().open;
    for (const auto& each : *wait(port_map.list())) held[each.server] = each.binding.open;
    EXPECT_EQ(held, wanted);
    EXPECT_EQ(held.size(), 2U);
    again.cancel();
    wait(again.join());
}

TEST_F(FleetsRestartTest, WhatIsLeftOfAFleetThatWasRemovedIsEndedAfterARestartToo) {
    begin();
    put(2);
    tasks.cancel();
    wait(tasks.join());
    ASSERT_TRUE(wait(store.remove_fleet("duels")));

    async::TaskGroup again(io.get_executor());
    Fleets next(io.get_executor(), {store, arena, clock, starter});
    again.spawn("fleets", next.work(shift));
    settle();

    EXPECT_TRUE(arena.games.empty());
    EXPECT_EQ(stored(), 0U);
    again.cancel();
    wait(again.join());
}

TEST_F(FleetsRestartTest, AMatchWhoseServerIsGoneHasEndedAndAServerWithoutMatchIsEnded) {
    begin();
    const auto match = new_match();
    ASSERT_TRUE(wait(fleets->start(match, queue(""), clock.now() + 45s)));
    auto lost = new_match();
    lost.state = match::MatchState::assigned;
    std::vector<match::Match> live{lost};
    wait(fleets->adopt(std::move(live)));
    settle();

    EXPECT_EQ(ends, (std::vector<std::pair<MatchId, std::string>>{{lost.id, "lost"}}));
    EXPECT_TRUE(arena.games.empty());
}

// Simulator, seed 265: the first server did not take the match, and the control plane died before it was removed.
TEST_F(FleetsRestartTest, OfTwoServersOfOneMatchTheOneThatPlayersWereToldServesOnAfterARestart) {
    begin();
    put(2);
    auto match = new_match();
    const auto told = wait(fleets->take(match, queue("duels")));
    ASSERT_TRUE(told && *told);
    tasks.cancel();
    wait(tasks.join());
    for (auto& server : wait(store.servers()).value()) {
        server.match = match.id;
        server.state = fleet::ServerState::allocated;
        ASSERT_TRUE(wait(store.put(std::move(server), Epoch{1})));
    }
    match.state = match::MatchState::assigned;
    match.server = **told;

    async::TaskGroup again(io.get_executor());
    Fleets next(io.get_executor(), {store, arena, clock, starter});
    again.spawn("fleets", next.work(shift));
    std::vector<match::Match> live{match};
    wait(next.adopt(std::move(live)));
    settle();

    EXPECT_EQ(next.counts("duels")->allocated, 1U);
    EXPECT_EQ((*wait(next.take(match, queue("duels"))))->name, (*told)->name);
    wait(next.release(match.id));
    settle();
    EXPECT_EQ(next.counts("duels")->allocated, 0U);
    again.cancel();
    wait(again.join());
}

TEST_F(FleetsRestartTest, AServerTakenForAMatchOfSomebodyElseServesOnAfterARestart) {
    begin();
    put(1);
    const auto theirs = new_match().id;
    const auto server = wait(fleets->allocate("duels", theirs));
    ASSERT_TRUE(server) << server.error().detail;
    settle();

    wait(fleets->adopt({}));
    settle();

    EXPECT_EQ(fleets->counts("duels")->allocated, 1U);
    EXPECT_EQ(wait(fleets->allocate("duels", theirs)).value(), *server) << "said again";
}

}  // namespace
}  // namespace gk::app
