// Fleets keep servers ready, hand them out and end them.

#include "tests/match/fleets_rig.hpp"

namespace gk::app {
namespace {

using FleetsTest = FleetsRig;

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

// Its key is of no use to a server that does not know where to show it.
TEST_F(FleetsTest, AServerIsToldWhereTheApiIs) {
    begin();
    put(1);
    ASSERT_TRUE(*start(new_match(), ""));
    ASSERT_EQ(arena.games.size(), 2U);
    for (const auto& [uid, game] : arena.games) EXPECT_EQ(game.spec.env.at("GAMEKEEPER_API"), "http://192.0.2.1:8080");
}

TEST_F(FleetsTest, AServerIsReachedAsItsGameSaysOrNotStarted) {
    begin();
    way = server::Exposure{.kind = server::Exposure::Kind::internal, .address = {}, .dns_label = {}, .static_address = {}};
    ASSERT_TRUE(**start(new_match(), ""));
    EXPECT_EQ(arena.games.begin()->second.spec.exposure, *way);

    way = std::unexpected("not here");
    const auto refused = **start(new_match(), "");

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "not_allowed");
    EXPECT_EQ(refused.error().detail, "not here");
    EXPECT_EQ(arena.games.size(), 1U);
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

TEST_F(FleetsTest, ServersThatAreBegunBesideTheirFleetCountAmongItsServers) {
    begin();
    put(0, 2);
    const auto match = new_match();
    ASSERT_TRUE(*start(match, "duels"));
    ASSERT_TRUE(*start(new_match(), "duels"));
    const auto third = start(new_match(), "duels");

    EXPECT_FALSE(*third);
    EXPECT_EQ(arena.games.size(), 2U);
    EXPECT_EQ(fleets->counts("duels")->allocated, 2U);

    wait(fleets->release(match.id));
    settle();

    ASSERT_TRUE(*third);
    EXPECT_TRUE((*third)->has_value());
    EXPECT_EQ(arena.games.size(), 2U);
}

TEST_F(FleetsTest, AMatchHearsThatItsFleetIsFull) {
    begin();
    put(0, 1);
    ASSERT_TRUE(*start(new_match(), "duels"));
    const auto second = start(new_match(), "duels");
    pass_time(46s);

    ASSERT_TRUE(*second && !(*second)->has_value());
    EXPECT_EQ((*second)->error().code, "exhausted");
    EXPECT_EQ((*second)->error().detail, "the fleet 'duels' has 1 servers and may not have more, and none of them waits; raise its max");
}

TEST_F(FleetsTest, AMatchOfAFullFleetTakesTheServerThatStartsAhead) {
    begin();
    arena.is_slow = true;
    put(1, 1);
    const auto match = start(new_match(), "duels");
    EXPECT_FALSE(*match);
    arena.become(arena.games.begin()->first, Seen::Process::ready);
    settle();

    ASSERT_TRUE(*match && (*match)->has_value());
    EXPECT_EQ(arena.launches, 1);
}

TEST_F(FleetsTest, AMatchOfAFullFleetGoesOnWhenTheFleetMayHaveMore) {
    begin();
    put(0, 1);
    ASSERT_TRUE(*start(new_match(), "duels"));
    const auto second = start(new_match(), "duels");
    ASSERT_FALSE(*second);
    put(0, 2);
    EXPECT_TRUE(*second);
}

TEST_F(FleetsTest, WorldsAndMatchServersShareTheMemoryOfAMachine) {
    each.memory = {room.all().count / 4};
    server::Record world;
    world.id = "castle";
    world.wanted = server::Wanted::running;
    world.resources.memory = {room.all().count / 2};
    ASSERT_TRUE(wait(worlds.create(world)));
    begin();
    const auto match = new_match();
    ASSERT_TRUE(*start(match, ""));
    ASSERT_TRUE(*start(new_match(), ""));
    const auto third = start(new_match(), "", 20s);
    EXPECT_FALSE(*third) << "nothing is left for it";
    EXPECT_EQ(room.held_by(MemoryRoom::Holder::match_server).count, room.all().count / 2);

    pass_time(21s);
    ASSERT_TRUE(*third && !(*third)->has_value());
    EXPECT_EQ((*third)->error().code, "no_room");
    EXPECT_EQ((*third)->error().detail,
              "a match server asks for 250000 MiB of memory, but worlds hold 500000 and match servers 500000 of this machine's 1000000 MiB; pause a "
              "world, or let fleets have fewer servers");

    const auto fourth = start(new_match(), "");
    wait(fleets->release(match.id));
    settle();
    EXPECT_TRUE(*fourth) << "what has ended gives its memory back";
}

TEST_F(FleetsTest, AMatchServerThatIsNotBegunHoldsNoMemory) {
    each.memory = {room.all().count + 1};
    begin();
    const auto match = start(new_match(), "", 1s);
    pass_time(6s);
    ASSERT_TRUE(*match && !(*match)->has_value());
    EXPECT_EQ(room.held_by(MemoryRoom::Holder::match_server).count, 0);
    EXPECT_TRUE(wait(port_map.list())->empty());
}

TEST_F(FleetsTest, AFleetSaysThatTheMachineHasNoRoom) {
    each.memory = {room.all().count / 2 + 1};
    begin();
    put(2);
    EXPECT_EQ(fleets->counts("duels")->ready, 1U);
    EXPECT_EQ(fleets->counts("duels")->limit, "no_room");
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

TEST_F(FleetsTest, WhichMatchesHaveAServerIsKnown) {
    EXPECT_TRUE(ends.empty());
    begin();
    put(2);
    const auto match = new_match();
    ASSERT_TRUE(take(match));
    ASSERT_TRUE(wait(fleets->allocate("duels", random.id<MatchId>())));

    const auto held = fleets->held();
    ASSERT_TRUE(held);
    ASSERT_EQ(held->size(), 1U) << "whoever asked for the other one keeps it";
    EXPECT_EQ(held->front().match, match.id);
    EXPECT_FALSE(held->front().is_ending);
    wait(fleets->release(match.id));
    EXPECT_TRUE(fleets->held()->front().is_ending);
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
