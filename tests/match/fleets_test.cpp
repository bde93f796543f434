// Fleets keep servers ready, hand them out and end them; over stores in memory and games that do as they are told.

#include "app/fleet/fleets.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/memory/fleet_store.hpp"
#include "adapters/memory/port_map.hpp"
#include "adapters/memory/random.hpp"
#include "adapters/memory/state.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "domain/fleet/server_uid.hpp"
#include "tests/match/arena.hpp"

namespace gk::app {
namespace {
using namespace std::chrono_literals;

class FleetsTest : public testing::Test {
protected:
    void SetUp() override { shift.begin(Epoch{1}); }
    void TearDown() override {
        tasks.cancel();
        wait(tasks.join());
    }

    void begin() {
        fleets = std::make_unique<Fleets>(io.get_executor(), Fleets::Ports{store, arena, clock, starter});
        ended = fleets->watch([this](MatchId match, std::string reason) { ends.emplace_back(match, std::move(reason)); });
        tasks.spawn("fleets", fleets->work(shift));
        settle();
    }
    void put(std::uint32_t ready, std::uint32_t most = 10, std::uint64_t generation = 1) {
        fleet::Fleet fleet;
        fleet.name = "duels";
        fleet.game = "toy";
        fleet.ready = ready;
        fleet.most = most;
        fleet.generation = generation;
        ASSERT_TRUE(wait(store.put(fleet)));
        settle();
    }
    match::Match new_match() {
        match::Match match;
        match.id = random.id<MatchId>();
        match.members.push_back({.player = "ann", .ticket = {}, .team = "a", .accepted = {}, .left_at = {}});
        match.members.push_back({.player = "b\"en", .ticket = {}, .team = "b", .accepted = {}, .left_at = {}});
        return match;
    }
    QueueRecord queue(std::string fleet) {
        QueueRecord record;
        record.name = "casual";
        record.game = "toy";
        record.fleet = std::move(fleet);
        return record;
    }
    std::optional<match::MatchServer> take(const match::Match& match) {
        auto taken = wait(fleets->take(match, queue("duels")));
        return taken ? *taken : std::nullopt;
    }
    void settle() {
        io.restart();
        while (io.poll() > 0) io.restart();
    }
    void pass_time(Milliseconds time) {
        settle();
        for (auto left = time; left > 0ms; left -= 500ms) {
            clock.advance(std::min<Milliseconds>(left, 500ms));
            settle();
        }
    }
    template <class T>
    T wait(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    static Task<void> keep(MatchServers::Answer<match::MatchServer> starting, Result<match::MatchServer, MatchServers::Refusal>& out) {
        out = co_await std::move(starting);
    }
    std::size_t stored() { return wait(store.servers())->size(); }

    boost::asio::io_context io{1};
    async::ManualClock clock;
    memory::SeededRandom random{1};
    std::shared_ptr<memory::FleetState> state = std::make_shared<memory::FleetState>();
    std::shared_ptr<memory::MatchState> matches = std::make_shared<memory::MatchState>();
    memory::MemoryFleetStore store{io.get_executor(), state, matches};
    std::shared_ptr<memory::StoreState> records = std::make_shared<memory::StoreState>();
    memory::MemoryPortMap port_map{records, clock, {.range = {.first = Port{32000}, .last = Port{32099}}}};
    matchtest::Arena arena{io.get_executor()};
    matchtest::OneGame games;
    Starter starter{{.runtime = arena,
                     .port_map = port_map,
                     .random = random,
                     .games = games,
                     .public_host = "192.0.2.1",
                     .resources = [](const std::string&, const std::string&) { return std::optional(server::Resources()); }}};
    Shift shift{clock};
    async::TaskGroup tasks{io.get_executor()};
    std::unique_ptr<Fleets> fleets;
    std::shared_ptr<void> ended;
    std::vector<std::pair<MatchId, std::string>> ends;
};

TEST_F(FleetsTest, ServersAreStartedAheadAndReplacedWhenTheyAreTaken) {
    begin();
    put(3);
    EXPECT_EQ(fleets->counts("duels")->ready, 3U);

    const auto server = take(new_match());
    settle();

    ASSERT_TRUE(server);
    EXPECT_EQ(server->host, "192.0.2.1");
    for (const auto& [uid, game] : arena.games) EXPECT_EQ(game.spec.env.at("FLEET"), "duels");
    EXPECT_EQ(fleets->counts("duels")->ready, 3U);
    EXPECT_EQ(fleets->counts("duels")->allocated, 1U);
    EXPECT_EQ(stored(), 4U);
}

TEST_F(FleetsTest, AServerThatWaitedIsToldItsMatch) {
    begin();
    put(1);
    const auto match = new_match();
    ASSERT_TRUE(take(match));

    std::vector<std::string> lines;
    for (const auto& [uid, game] : arena.games) lines.insert(lines.end(), game.lines.begin(), game.lines.end());
    EXPECT_EQ(lines, std::vector<std::string>{"ALLOCATE " + match.id.text() + R"( ["ann","b\"en"])"});
}

TEST_F(FleetsTest, AServerThatWaitedShowsPeopleItsMatch) {
    begin();
    put(1);
    const auto match = new_match();
    const auto uid = arena.games.begin()->first;
    ASSERT_TRUE(take(match));
    settle();

    EXPECT_EQ(arena.games.at(uid).labels, (std::map<std::string, std::string>{{"session_id", match.id.text()}}));
}

TEST_F(FleetsTest, TheSameMatchGetsTheSameServer) {
    begin();
    put(3);
    const auto match = new_match();
    const auto first = take(match);
    EXPECT_EQ(take(match), first);
    EXPECT_NE(take(new_match()), first);
}

TEST_F(FleetsTest, NothingIsHandedOutWhenNothingWaits) {
    begin();
    put(1, 1);
    ASSERT_TRUE(take(new_match()));
    EXPECT_FALSE(take(new_match()));
    EXPECT_EQ(fleets->counts("duels")->limit, "max");
}

TEST_F(FleetsTest, AServerThatDoesNotTakeItsMatchIsEndedAndTheNextOneIsTaken) {
    begin();
    put(1, 1);
    arena.is_deaf = true;
    EXPECT_FALSE(take(new_match()));
    settle();
    arena.is_deaf = false;
    settle();
    EXPECT_TRUE(take(new_match()));
    EXPECT_EQ(arena.launches, 2);
}

// Requirement S1-10.
TEST_F(FleetsTest, AMatchGetsAServerOfItsOwnWithItsNameAndItsPlayers) {
    begin();
    const auto match = new_match();
    const auto server = wait(fleets->start(match, queue(""), clock.now() + 45s));

    ASSERT_TRUE(server);
    EXPECT_EQ(server->name, "game-server-" + match.id.text().substr(0, 8));
    const auto& spec = arena.games.begin()->second.spec;
    EXPECT_EQ(spec.env.at("SESSION_ID"), match.id.text());
    EXPECT_EQ(spec.env.at("PLAYERS"), R"(["ann","b\"en"])");
    EXPECT_EQ(spec.env.at("PORT"), std::to_string(server->port));
    EXPECT_FALSE(spec.env.contains("FLEET"));
}

// Requirement S1-11.
TEST_F(FleetsTest, AServerThatIsNotReadyInTimeIsEnded) {
    begin();
    arena.is_slow = true;
    auto starting = fleets->start(new_match(), queue(""), clock.now() + 45s);
    Result<match::MatchServer, MatchServers::Refusal> outcome = std::unexpected(MatchServers::Refusal{});
    tasks.spawn("start", keep(std::move(starting), outcome));
    pass_time(46s);

    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, "start_timeout");
    pass_time(11s);
    EXPECT_TRUE(arena.games.empty());
    EXPECT_EQ(stored(), 0U);
}

TEST_F(FleetsTest, AServerThatEndsAtOnceIsARefusal) {
    begin();
    arena.is_broken = true;
    const auto server = wait(fleets->start(new_match(), queue(""), clock.now() + 45s));
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, "start_failed");
}

// Requirements S1-12, S1-13.
TEST_F(FleetsTest, TheEndOfAServerIsToldAndNothingIsLeftOfIt) {
    begin();
    const auto match = new_match();
    ASSERT_TRUE(wait(fleets->start(match, queue(""), clock.now() + 45s)));
    arena.become(arena.games.begin()->first, Seen::Process::exited);
    settle();

    ASSERT_EQ(ends.size(), 1U);
    EXPECT_EQ(ends[0], (std::pair<MatchId, std::string>(match.id, "server_exited")));
    EXPECT_TRUE(arena.games.empty());
    EXPECT_EQ(arena.launches, 1);
    EXPECT_TRUE(wait(port_map.list())->empty());
}

// A drain, a dead node: players hear more than that their server has ended.
TEST_F(FleetsTest, AMatchHearsWhatHasTakenItsServer) {
    begin();
    put(2);
    const auto evicted = new_match();
    const auto one = arena.games.begin()->first;
    ASSERT_TRUE(take(evicted));
    arena.troubled[one] = {"pod_evicted", "somebody drains its node"};
    arena.tell(one);
    settle();
    EXPECT_TRUE(ends.empty()) << "it plays on as long as it is there";

    arena.troubled.clear();
    arena.become(one, Seen::Process::gone);
    settle();

    EXPECT_EQ(ends, (std::vector<std::pair<MatchId, std::string>>{{evicted.id, "pod_evicted"}}));
}

TEST_F(FleetsTest, WhatIsOverIsNotToBlameForAnEnd) {
    begin();
    put(1);
    const auto match = new_match();
    const auto uid = arena.games.begin()->first;
    ASSERT_TRUE(take(match));
    arena.troubled[uid] = {"node_unreachable", "nothing is heard of its node"};
    arena.tell(uid);
    settle();
    arena.troubled.clear();
    arena.tell(uid);
    settle();

    arena.become(uid, Seen::Process::exited);
    settle();

    EXPECT_EQ(ends, (std::vector<std::pair<MatchId, std::string>>{{match.id, "server_exited"}}));
}

TEST_F(FleetsTest, AServerIsEndedWithItsMatch) {
    begin();
    const auto match = new_match();
    ASSERT_TRUE(wait(fleets->start(match, queue(""), clock.now() + 45s)));
    wait(fleets->release(match.id));
    settle();

    EXPECT_TRUE(arena.games.empty());
    EXPECT_TRUE(ends.empty());
}

TEST_F(FleetsTest, AnUpdateReplacesWhoWaitsAndLeavesMatchesAlone) {
    begin();
    put(2);
    const auto match = new_match();
    ASSERT_TRUE(take(match));
    settle();
    put(2, 10, 2);
    settle();

    const auto servers = wait(store.servers()).value();
    for (const auto& server : servers) EXPECT_EQ(server.generation, server.match ? 1U : 2U);
    EXPECT_EQ(fleets->counts("duels")->allocated, 1U);
}

TEST_F(FleetsTest, ASilentServerIsGivenToNobodyAndReplacedWhenItStaysSilent) {
    begin();
    put(1, 2);
    const auto uid = arena.games.begin()->first;
    arena.silent.insert(uid);
    arena.tell(uid);
    settle();
    EXPECT_FALSE(take(new_match()));

    pass_time(36s);
    EXPECT_EQ(arena.launches, 2);
    EXPECT_TRUE(take(new_match()));
}

// How long it had been ready before says nothing about how long it has been silent.
TEST_F(FleetsTest, OneThatFallsSilentForAMomentIsNotReplaced) {
    begin();
    put(1, 2);
    pass_time(60s);
    const auto uid = arena.games.begin()->first;
    arena.silent.insert(uid);
    arena.tell(uid);
    pass_time(4s);
    EXPECT_FALSE(take(new_match()));
    EXPECT_EQ(arena.launches, 1);

    arena.silent.clear();
    pass_time(6s);
    EXPECT_TRUE(arena.games.contains(uid));
    EXPECT_TRUE(take(new_match()));
}

TEST_F(FleetsTest, AServerThatIsHeardOfAgainServes) {
    begin();
    put(1);
    const auto uid = arena.games.begin()->first;
    arena.silent.insert(uid);
    arena.tell(uid);
    settle();
    arena.silent.clear();
    pass_time(6s);

    EXPECT_TRUE(take(new_match()));
    EXPECT_TRUE(ends.empty());
}

TEST_F(FleetsTest, ANodeThatIsToBeEmptiedLosesWhoWaitsAndKeepsMatches) {
    begin();
    put(2);
    const auto match = new_match();
    ASSERT_TRUE(take(match));
    settle();
    const auto before = arena.running();
    ASSERT_EQ(before.size(), 3U);
    for (const auto uid : before) {
        arena.leaving.insert(uid);
        arena.tell(uid);
    }
    settle();

    EXPECT_EQ(fleets->counts("duels")->allocated, 1U);
    EXPECT_EQ(fleets->counts("duels")->ready, 2U);
    EXPECT_EQ(arena.launches, 5);
    EXPECT_TRUE(ends.empty());
}

TEST_F(FleetsTest, AfterARestartTheSameServersServe) {
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

// Between two shifts of this process another one has ended a server and has given its port to a new one.
TEST_F(FleetsTest, AtATakeoverPortsBelongToWhomTheRowsSay) {
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

TEST_F(FleetsTest, WhatIsLeftOfAFleetThatWasRemovedIsEndedAfterARestartToo) {
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

TEST_F(FleetsTest, AMatchWhoseServerIsGoneHasEndedAndAServerWithoutMatchIsEnded) {
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

TEST_F(FleetsTest, AServerTakenForAMatchOfSomebodyElseServesOnAfterARestart) {
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

// Requirement S1-19.
TEST_F(FleetsTest, StraysAreRemovedAndWorldsAreNot) {
    begin();
    const auto stray = fleet::match_server_uid(random.id<ServerUid>().bits());
    const auto world = random.id<ServerUid>();
    arena.games[stray].process = arena.games[world].process = Seen::Process::ready;

    EXPECT_EQ(wait(fleets->remove_strays()), 1U);
    EXPECT_FALSE(arena.games.contains(stray));
    EXPECT_TRUE(arena.games.contains(world));
}

TEST_F(FleetsTest, StartsThatFailAreRepeatedLaterAndLater) {
    begin();
    arena.is_broken = true;
    put(1);
    pass_time(10s);
    EXPECT_LT(arena.launches, 8);
    EXPECT_GT(arena.launches, 2);
    EXPECT_EQ(fleets->counts("duels")->limit, "back_off");
}

}  // namespace
}  // namespace gk::app
