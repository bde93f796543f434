#include "domain/front/zones.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::front {
namespace {

ZoneRules play() {
    return {.origin = "play.example.org",
            .name_servers = {"ns.play.example.org", "ns.example.net"},
            .addresses = {*wake::Address::parse("203.0.113.7"), *wake::Address::parse("2001:db8::7")},
            .listen = {*wake::Endpoint::parse("[::]:53")}};
}

wake::Route route_of(std::string server, wake::RouteState state = wake::RouteState::asleep) {
    wake::Route route;
    route.server = std::move(server);
    route.listen = *wake::Endpoint::parse("[::]:30000");
    route.state = state;
    return route;
}

const wake::ZoneName& name_in(const wake::RouteTable& table, std::string_view name) {
    static const wake::ZoneName none;
    const auto& names = table.zones.at(0).names;
    const auto at = std::ranges::find(names, name, &wake::ZoneName::name);
    return at == names.end() ? none : *at;
}

TEST(Zones, EachServerHasItsNameAtTheEdge) {
    wake::RouteTable table;
    table.datagrams = {route_of("castle"), route_of("friends/tower", wake::RouteState::up)};
    add_zone(table, play());

    EXPECT_EQ(table.dns, play().listen);
    EXPECT_EQ(table.zones.at(0).contact, "hostmaster.play.example.org");
    const auto& castle = name_in(table, "castle.play.example.org");
    EXPECT_EQ(castle.addresses, play().addresses);
    EXPECT_EQ(castle.server, "castle");
    EXPECT_EQ(castle.state, wake::RouteState::asleep);
    EXPECT_FALSE(castle.rule) << "no question wakes it";
    EXPECT_EQ(name_in(table, "tower.play.example.org").server, "friends/tower");
    EXPECT_EQ(name_in(table, "ns.play.example.org").addresses, play().addresses);
    EXPECT_EQ(table.zones[0].names.size(), 3U) << "nothing of the name server that lies elsewhere";
}

TEST(Zones, WhatIsWrittenCanBeRead) {
    wake::RouteTable table;
    table.datagrams = {route_of("castle")};
    add_zone(table, play());
    Errors errors;
    wake::RouteTable read;
    EXPECT_TRUE(decode(document_of(table), "", errors, read)) << (errors.list().empty() ? "" : errors.list()[0].detail);
    EXPECT_EQ(read.zones.at(0).names.size(), 2U);
}

TEST(Zones, AMinecraftWorldIsFoundByItsService) {
    wake::RouteTable table;
    wake::Listener shared{
        .listen = *wake::Endpoint::parse("[::]:25565"), .protocol = wake::StreamProtocol::minecraft, .routes = {route_of("castle")}};
    shared.routes[0].listen = shared.listen;
    table.streams = {shared};
    add_zone(table, play());
    const auto& castle = name_in(table, "castle.play.example.org");
    ASSERT_EQ(castle.services.size(), 1U);
    EXPECT_EQ(castle.services[0].name, "_minecraft._tcp");
    EXPECT_EQ(castle.services[0].port, 25565);
}

TEST(Zones, AQuestionWakesOnlyThoseItIsToWake) {
    wake::RouteTable table;
    table.datagrams = {route_of("castle"), route_of("tower"), route_of("locked")};
    table.datagrams[2].rule.admission = wake::Admission::never;
    auto rules = play();
    rules.wakes = {"castle", "locked"};
    add_zone(table, rules);
    ASSERT_TRUE(name_in(table, "castle.play.example.org").rule);
    EXPECT_EQ(name_in(table, "castle.play.example.org").rule->knocks_needed, 1);
    EXPECT_FALSE(name_in(table, "tower.play.example.org").rule);
    EXPECT_FALSE(name_in(table, "locked.play.example.org").rule) << "nobody wakes it by knocking, however he does it";
}

TEST(Zones, OfTwoWithOneNameTheFirstHasItAndANameServerHasItBeforeAll) {
    wake::RouteTable table;
    table.datagrams = {route_of("a/castle"), route_of("b/castle", wake::RouteState::up), route_of("ns")};
    add_zone(table, play());
    EXPECT_EQ(name_in(table, "castle.play.example.org").server, "a/castle");
    EXPECT_EQ(name_in(table, "castle.play.example.org").state, wake::RouteState::asleep);
    EXPECT_EQ(name_in(table, "ns.play.example.org").server, "");
}

TEST(Zones, WithoutAnOriginThereIsNone) {
    wake::RouteTable table;
    table.datagrams = {route_of("castle")};
    add_zone(table, {});
    EXPECT_TRUE(table.zones.empty());
    EXPECT_TRUE(table.dns.empty());
}

}  // namespace
}  // namespace gk::front
