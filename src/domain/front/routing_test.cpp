#include "domain/front/routing.hpp"

#include <gtest/gtest.h>

namespace gk::front {
namespace {

using wake::RouteState;
constexpr Time now{Milliseconds(1'800'000'000'000)};

catalog::Game minetest() {
    catalog::Game game;
    game.name = "minetest";
    game.title = "Minetest";
    game.wake = {.protocol = catalog::WakeProtocol::minetest, .role = "game", .patience = std::chrono::seconds(10)};
    return game;
}

catalog::Game minecraft() {
    catalog::Game game;
    game.name = "minecraft-java";
    game.wake = {.protocol = catalog::WakeProtocol::minecraft, .role = "game", .patience = std::chrono::seconds(25)};
    return game;
}

server::Record record_of(std::string id, Protocol protocol = Protocol::udp) {
    server::Record record;
    record.id = std::move(id);
    record.game = "minetest";
    record.package = "small";
    record.behind_edge = true;
    record.wanted = server::Wanted::paused;
    record.phase = server::Phase::paused;
    record.ports = {{.role = "game", .protocol = protocol, .open = Port{30000}, .bound = Port{28000}},
                    {.role = "console", .protocol = Protocol::tcp, .open = Port{30001}, .bound = Port{30001}, .internal = true}};
    return record;
}

wake::RouteTable routes(const server::Record& record, const catalog::Game* game, std::optional<Milliseconds> takes = {}, bool is_refused = false,
                        const RoutingRules& rules = {}) {
    const World world{.record = &record, .game = game, .takes = takes, .is_refused = is_refused};
    return routes_of({&world, 1}, rules, now);
}

TEST(Routing, ASleeperIsKnockedAtWherePlayersCome) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wake = server::WakeWish{.admission = wake::Admission::allow_list, .names = {"ann"}, .addresses = {"203.0.113.0/24"}, .starts_per_day = 3};
    const auto table = routes(record, &game, Milliseconds(7001));
    ASSERT_EQ(table.datagrams.size(), 1U) << "nobody comes to an internal port";
    EXPECT_TRUE(table.streams.empty());
    const auto& route = table.datagrams.front();
    EXPECT_EQ(route.server, "castle");
    EXPECT_EQ(route.listen.text(), "[::]:30000");
    EXPECT_EQ(route.protocol, wake::GameProtocol::minetest);
    EXPECT_EQ(route.state, RouteState::asleep);
    EXPECT_FALSE(route.upstream);
    EXPECT_EQ(route.ready_in, std::chrono::seconds(10)) << "rounded up";
    EXPECT_EQ(route.rule.admission, wake::Admission::allow_list);
    EXPECT_EQ(route.rule.names, std::vector<std::string>{"ann"});
    ASSERT_EQ(route.rule.blocks.size(), 1U);
    EXPECT_EQ(route.rule.starts_per_day_max, 3U);
    EXPECT_EQ(route.rule.patience, std::chrono::seconds(10));
    EXPECT_EQ(route.face.title, "castle (sleeping, join to start)");
}

TEST(Routing, ListsSeeTheMapThatItBeginsWith) {
    auto game = minetest();
    auto record = record_of("arena");
    const auto map = [&] { return routes(record, &game).datagrams.front().face.map; };
    EXPECT_EQ(map(), "") << "a game without maps";
    game.settings.push_back({.name = "map", .initial = Value("dm1")});
    EXPECT_EQ(map(), "dm1");
    record.settings["map"] = Value("ctf5");
    EXPECT_EQ(map(), "ctf5");
}

TEST(Routing, PlayersAreToldWhyItCannotStart) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wanted = server::Wanted::running;
    record.phase = server::Phase::failed;
    record.given_up = true;
    const auto face = [&] { return routes(record, &game).datagrams.front().face; };
    EXPECT_EQ(face().title, "castle (cannot be started now)");
    EXPECT_EQ(face().trouble, "");
    record.reason = "crash_loop";
    record.last_exit = server::Exit{.cause = server::ExitCause::crashed, .signal = {}, .code = 1, .at = now, .log_tail = "secret", .memory_peak = {}};
    EXPECT_EQ(face().title, "castle (cannot start: it crashed again and again)");
    EXPECT_EQ(face().trouble, "it crashed again and again");
    record.last_exit->cause = server::ExitCause::out_of_memory;
    EXPECT_EQ(face().trouble, "it needs more memory than it was given");
    record.given_up = false;
    EXPECT_EQ(face().trouble, "") << "it is tried again";
}

TEST(Routing, StatesFollowTheRecord) {
    const auto game = minetest();
    auto record = record_of("castle");
    const auto state = [&](bool is_refused = false) { return routes(record, &game, {}, is_refused).datagrams.front().state; };
    EXPECT_EQ(state(), RouteState::asleep);
    EXPECT_EQ(state(true), RouteState::failed);
    record.wanted = server::Wanted::running;
    record.phase = server::Phase::starting;
    EXPECT_EQ(state(), RouteState::starting);
    record.phase = server::Phase::failed;
    EXPECT_EQ(state(), RouteState::starting) << "it is tried again";
    record.given_up = true;
    EXPECT_EQ(state(), RouteState::failed);
    record.given_up = false;
    record.phase = server::Phase::running;
    record.started_at = now;
    EXPECT_EQ(state(), RouteState::up);
    EXPECT_EQ(routes(record, &game).datagrams.front().upstream->text(), "127.0.0.1:28000");
    record.wanted = server::Wanted::paused;
    record.phase = server::Phase::pausing;
    EXPECT_EQ(state(), RouteState::up) << "while the game is there, people play";
}

TEST(Routing, AGameAtAnAddressOfItsOwnSeesItsPlayers) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wanted = server::Wanted::running;
    record.phase = server::Phase::running;
    record.started_at = now;
    const World world{.record = &record, .game = &game};
    const auto route = [&world] { return routes_of({&world, 1}, {}, now).datagrams.front(); };
    EXPECT_FALSE(route().transparent);
    EXPECT_EQ(route().upstream->text(), "127.0.0.1:28000");
    record.own_network = true;
    record.slot = 9;
    EXPECT_TRUE(route().transparent);
    EXPECT_EQ(route().upstream->text(), "127.71.0.9:28000");
}

TEST(Routing, AGameIsReachedWhereItRuns) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wanted = server::Wanted::running;
    record.phase = server::Phase::running;
    record.started_at = now;
    World world{.record = &record, .game = &game, .host = wake::Address::parse("10.244.1.7")};
    const auto route = [&world] { return routes_of({&world, 1}, {}, now).datagrams.front(); };
    EXPECT_EQ(route().upstream->text(), "10.244.1.7:28000");
    world.host.reset();
    EXPECT_EQ(route().state, RouteState::starting) << "where it is, is not known";
    EXPECT_FALSE(route().upstream);
}

TEST(Routing, WhoIsStoppedOrNotBehindTheEdgeHasNoRoute) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wanted = server::Wanted::stopped;
    EXPECT_TRUE(routes(record, &game).datagrams.empty());
    record.started_at = now;
    EXPECT_EQ(routes(record, &game).datagrams.size(), 1U) << "until it has gone";
    record.wanted = server::Wanted::deleted;
    EXPECT_TRUE(routes(record, &game).datagrams.empty());
    record = record_of("castle");
    record.behind_edge = false;
    EXPECT_TRUE(routes(record, &game).datagrams.empty());
}

TEST(Routing, AStartThatGoesOnIsReadyInWhatIsLeft) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wanted = server::Wanted::running;
    record.phase = server::Phase::starting;
    record.request = server::Request{};
    record.request->asked_at = now - std::chrono::seconds(12);
    EXPECT_EQ(routes(record, &game, std::chrono::seconds(20)).datagrams.front().ready_in, std::chrono::seconds(10));
    record.request->asked_at = now - std::chrono::minutes(2);
    EXPECT_EQ(routes(record, &game, std::chrono::seconds(20)).datagrams.front().ready_in, ready_in_step) << "any moment";
}

TEST(Routing, NobodyWakesAtOtherPortsOrWithoutADefinition) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.ports.push_back({.role = "voice", .protocol = Protocol::udp, .open = Port{30002}, .bound = Port{28002}});
    const auto table = routes(record, &game);
    ASSERT_EQ(table.datagrams.size(), 2U);
    EXPECT_EQ(table.datagrams[1].rule.admission, wake::Admission::never);
    EXPECT_EQ(table.datagrams[1].protocol, wake::GameProtocol::generic);
    EXPECT_EQ(routes(record, nullptr).datagrams[0].rule.admission, wake::Admission::never);
}

TEST(Routing, TheDaysStartsThatWereUsedElsewhereCount) {
    const auto game = minetest();
    auto record = record_of("castle");
    record.wake = server::WakeWish{.names = {}, .addresses = {}, .starts_per_day = 1};
    record.knocks = {now - std::chrono::hours(1)};
    EXPECT_EQ(routes(record, &game).datagrams.front().rule.starts_per_day_max, 0U);
}

TEST(Routing, MinecraftWorldsShareAPortByTheirNames) {
    const auto game = minecraft();
    const auto castle = record_of("castle", Protocol::tcp);
    auto tower = record_of("tower", Protocol::tcp);
    tower.ports.front().open = Port{30004};
    auto other = record_of("castle", Protocol::tcp);
    other.space = "friends";
    other.ports.front().open = Port{30006};
    const std::vector<World> worlds = {{.record = &castle, .game = &game}, {.record = &tower, .game = &game}, {.record = &other, .game = &game}};
    const auto table = routes_of(worlds, {.listen = {}, .domain = "example.org"}, now);
    ASSERT_EQ(table.streams.size(), 4U) << "each has its own port besides";
    const auto& shared = table.streams.back();
    EXPECT_EQ(shared.listen.text(), "[::]:25565");
    EXPECT_EQ(shared.protocol, wake::StreamProtocol::minecraft);
    ASSERT_EQ(shared.routes.size(), 2U) << "the first one has the name";
    EXPECT_EQ(shared.routes[0].hosts, std::vector<std::string>{"castle.example.org"});
    EXPECT_EQ(shared.routes[1].hosts, std::vector<std::string>{"tower.example.org"});
    EXPECT_EQ(routes_of(worlds, {}, now).streams.size(), 3U);
    Errors errors;
    wake::RouteTable read;
    EXPECT_TRUE(decode(document_of(table), "", errors, read)) << (errors.empty() ? "" : errors.list().front().detail);
}

TEST(RouteNames, TellNamespacesApart) {
    auto record = record_of("castle");
    EXPECT_EQ(route_name(record), "castle");
    EXPECT_EQ(place_of("castle"), std::pair(std::string("default"), std::string("castle")));
    record.space = "friends";
    EXPECT_EQ(route_name(record), "friends/castle");
    EXPECT_EQ(place_of("friends/castle"), std::pair(std::string("friends"), std::string("castle")));
}

}  // namespace
}  // namespace gk::front
