#include "domain/wake/route_table.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

Endpoint at(const char* text) { return *Endpoint::parse(text); }

RouteTable castle_and_tower() {
    Route castle{.server = "castle", .listen = at("[::]:30000"), .protocol = GameProtocol::minetest};
    castle.rule = {.admission = Admission::allow_list,
                   .names = {"ann"},
                   .blocks = {*Block::parse("10.0.0.0/8")},
                   .starts_per_day_max = 7,
                   .knocks_needed = 3,
                   .knock_gap = 150ms,
                   .knock_window = 20s,
                   .patience = 9s};
    castle.state = RouteState::starting;
    castle.ready_in = 40s;
    castle.face = {.title = "Castle",
                   .map = "v7",
                   .game_type = "minetest_game",
                   .version = "5.6",
                   .protocol = 41,
                   .players_max = 15,
                   .game_name = "Quake3Arena",
                   .icon = "data:",
                   .trouble = "it crashed again and again"};
    castle.proxy_from = {*Block::parse("192.0.2.0/24")};
    castle.proxy_to = ProxyTo::v2;
    castle.transparent = true;
    castle.copies = Copies{.mode = CopyMode::failover, .upstreams = {at("127.0.0.1:40002"), at("[::1]:40003")}};
    Route tower{.server = "tower", .listen = at("0.0.0.0:25565"), .hosts = {"tower.example.org"}};
    tower.proxy_from = {*Block::parse("2001:db8::/32")};  // As its listener's.
    tower.state = RouteState::up;
    tower.upstream = at("127.0.0.1:40001");
    return {.epoch = 3,
            .number = 14,
            .datagrams = {castle},
            .streams = {{.listen = at("0.0.0.0:25565"), .protocol = StreamProtocol::minecraft, .proxy_from = tower.proxy_from, .routes = {tower}}},
            .bans = {{.block = *Block::parse("203.0.113.0/24"), .until = parse_rfc3339("2026-11-22T12:00:00Z")}}};
}

std::vector<FieldError> errors_of(const Value& document) {
    Errors errors;
    RouteTable table;
    EXPECT_EQ(decode(document, "", errors, table), errors.empty());
    return errors.take();
}

TEST(RouteTableTest, SurvivesTheWayToAFileAndBack) {
    const auto document = document_of(castle_and_tower());
    Errors errors;
    RouteTable back;

    ASSERT_TRUE(decode(document, "", errors, back)) << errors.list().front().pointer << " " << errors.list().front().detail;

    EXPECT_EQ(document_of(back), document);
    EXPECT_EQ(back.datagrams[0].rule.blocks, castle_and_tower().datagrams[0].rule.blocks);
    EXPECT_EQ(back.streams[0].routes[0].listen, at("0.0.0.0:25565"));
    EXPECT_EQ(back.streams[0].routes[0].upstream, at("127.0.0.1:40001"));
    EXPECT_EQ(back.streams[0].routes[0].proxy_from, (std::vector{*Block::parse("2001:db8::/32")})) << "those of its listener";
    EXPECT_TRUE(back.datagrams[0].transparent);
    EXPECT_EQ(back.bans, castle_and_tower().bans);
    EXPECT_EQ(back.datagrams[0].copies->upstreams, castle_and_tower().datagrams[0].copies->upstreams);
}

TEST(RouteTableTest, NamesWhatIsWrong) {
    auto table = castle_and_tower();
    table.datagrams.push_back(table.datagrams[0]);
    table.streams[0].routes.push_back(table.streams[0].routes[0]);
    table.streams.push_back(table.streams[0]);
    auto document = document_of(table);
    document.set("number", "many");

    std::vector<std::string> said;
    for (const auto& error : errors_of(document)) said.push_back(error.pointer + ": " + error.detail);

    const std::vector<std::string> expected{"/number: a whole number is expected here, not a value of type string",
                                            "/streams/0/routes: two of them lead to 'tower'",
                                            "/streams/0/routes: the name 'tower.example.org' leads to two servers",
                                            "/streams/1/routes: two of them lead to 'tower'",
                                            "/streams/1/routes: the name 'tower.example.org' leads to two servers",
                                            "/datagrams: two routes listen at [::]:30000",
                                            "/streams: two listen at 0.0.0.0:25565"};
    EXPECT_EQ(said, expected);
}

TEST(RouteTableTest, RefusesAddressesAndBlocksThatAreNone) {
    auto document = document_of(castle_and_tower());
    auto& castle = document.set("datagrams", *document.find("datagrams")).as_array()->front();
    castle.set("listen", "castle.example.org");
    castle.set("rule", Value::object({{"blocks", Value::Array{"10.0.0.1/8"}}}));

    std::vector<std::string> pointers;
    for (const auto& error : errors_of(document)) pointers.push_back(error.pointer);

    EXPECT_EQ(pointers, (std::vector<std::string>{"/datagrams/0/listen", "/datagrams/0/rule/blocks"}));
}

TEST(RouteTableTest, RefusesProxiesAndCopiesThatCannotBe) {
    auto table = castle_and_tower();
    table.datagrams[0].proxy_to = ProxyTo::v1;
    table.datagrams[0].copies->upstreams.resize(5, at("127.0.0.1:1"));
    table.streams[0].routes[0].copies = Copies{.upstreams = {at("127.0.0.1:1")}};
    auto document = document_of(table);
    auto& listener = document.set("streams", *document.find("streams")).as_array()->front();
    listener.set("proxy_from", Value::Array{"everybody"});

    std::vector<std::string> said;
    for (const auto& error : errors_of(document)) said.push_back(error.pointer + ": " + error.detail);

    const std::vector<std::string> expected{"/datagrams/0/copies/upstreams: between 1 and 4 more games are expected here",
                                            "/streams/0/proxy_from: 'everybody' is no block of addresses; one like 203.0.113.0/24 is expected",
                                            "/streams/0/routes: copies are for datagrams: a stream has one game",
                                            "/datagrams: proxy_to: v1 is for streams; datagrams have v2 only"};
    EXPECT_EQ(said, expected);
}

TEST(RouteTableTest, TakesNothingFromAnOlderControlPlane) {
    RouteTable now{.epoch = 3, .number = 14};
    EXPECT_TRUE(may_follow({.epoch = 3, .number = 15}, now));
    EXPECT_TRUE(may_follow({.epoch = 4, .number = 1}, now));
    EXPECT_TRUE(may_follow(now, now)) << "said again after a break of the line";
    EXPECT_FALSE(may_follow({.epoch = 3, .number = 13}, now));
    EXPECT_FALSE(may_follow({.epoch = 2, .number = 99}, now));
}

}  // namespace
}  // namespace gk::wake
