#include "domain/wake/zone.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

ZoneName castle() {
    return {.name = "castle.example.org",
            .addresses = {*Address::parse("203.0.113.7"), *Address::parse("2001:db8::7")},
            .services = {{.name = "_minecraft._tcp", .port = 25565}},
            .server = "castle",
            .state = RouteState::asleep,
            .rule = Rule{.knocks_needed = 1}};
}
Zone example() {
    return {.origin = "example.org",
            .contact = "hostmaster.example.org",
            .name_servers = {"ns.example.org"},
            .serial = 7,
            .names = {{.name = "ns.example.org", .addresses = {*Address::parse("203.0.113.1")}}, castle()}};
}

std::vector<std::string> errors_of(const Value& document) {
    Errors errors;
    Zone zone;
    EXPECT_EQ(decode(document, "", errors, zone), errors.empty());
    std::vector<std::string> said;
    for (const auto& error : errors.list()) said.push_back(error.pointer + ": " + error.detail);
    return said;
}

TEST(ZoneTest, SurvivesTheWayToAFileAndBack) {
    const auto document = document_of(example());
    Errors errors;
    Zone back;
    ASSERT_TRUE(decode(document, "", errors, back)) << errors.list().front().pointer << " " << errors.list().front().detail;
    EXPECT_EQ(document_of(back), document);
    EXPECT_EQ(back.names[1].rule->knocks_needed, 1);
    EXPECT_FALSE(back.names[0].rule);
}

TEST(ZoneTest, NamesWhatIsWrong) {
    auto zone = example();
    zone.contact = "hostmaster@example.org";
    zone.name_servers.clear();
    zone.names.push_back(zone.names[0]);
    zone.names.push_back({.name = "castle.example.com"});
    zone.names[1].services.push_back(zone.names[1].services[0]);
    const std::vector<std::string> expected{
        "/contact: 'hostmaster@example.org' is no name; one like castle.example.org is expected, in lower case and without a dot at its end",
        "/name_servers: at least one is needed: the name of this edge",
        "/names/1/services: '_minecraft._tcp' is there twice",
        "/names: 'ns.example.org' is there twice",
        "/names: 'castle.example.com' is not within example.org",
    };
    EXPECT_EQ(errors_of(document_of(zone)), expected);
}

TEST(ZoneTest, ANameServerWithinItHasItsAddressThere) {
    auto zone = example();
    zone.name_servers.push_back("ns2.example.org");
    zone.name_servers.push_back("ns.example.com");
    EXPECT_EQ(errors_of(document_of(zone)),
              std::vector<std::string>{"/name_servers: 'ns2.example.org' lies within the zone: give its addresses under names"});
}

TEST(ZoneTest, ANameIsOfLabels) {
    const auto is_good = [](const std::string& name) {
        auto zone = example();
        zone.names[1].name = name;
        return errors_of(document_of(zone)).empty();
    };
    EXPECT_TRUE(is_good("example.org"));
    EXPECT_TRUE(is_good("a-1.b_2.example.org"));
    EXPECT_TRUE(is_good(std::string(63, 'a') + ".example.org"));
    for (const std::string bad :
         {"", "Castle.example.org", "castle.example.org.", "castle..example.org", ".example.org", "xexample.org", "ca stle.example.org"})
        EXPECT_FALSE(is_good(bad)) << bad;
    EXPECT_FALSE(is_good(std::string(64, 'a') + ".example.org"));
    std::string longest = "example.org";
    while (longest.size() + 2 <= 253) longest = "a." + longest;
    EXPECT_TRUE(is_good(longest));
    EXPECT_FALSE(is_good("a." + longest));
}

TEST(ZoneIndexTest, FindsWhatIsThere) {
    const ZoneIndex index({example()});
    const auto found = index.find("castle.example.org");
    ASSERT_NE(found.name, nullptr);
    EXPECT_EQ(found.name->server, "castle");
    EXPECT_EQ(found.service, nullptr);
    EXPECT_EQ(found.zone->origin, "example.org");
    EXPECT_EQ(index.find("_minecraft._tcp.castle.example.org").service->port, 25565);
    EXPECT_TRUE(index.find("example.org").exists);
}

TEST(ZoneIndexTest, WhatIsBetweenNamesIsThereToo) {
    const auto found = ZoneIndex({example()}).find("_tcp.castle.example.org");
    EXPECT_TRUE(found.exists);
    EXPECT_EQ(found.name, nullptr);
}

TEST(ZoneIndexTest, WhatIsNotThereHasItsZone) {
    auto inner = example();
    inner.origin = "games.example.org";
    inner.names.clear();
    const ZoneIndex index({example(), inner});
    EXPECT_FALSE(index.find("tower.example.org").exists);
    EXPECT_EQ(index.find("tower.example.org").zone->origin, "example.org");
    EXPECT_EQ(index.find("tower.games.example.org").zone->origin, "games.example.org");
    for (const auto* elsewhere : {"example.com", "org", "", "notexample.org"}) EXPECT_EQ(index.find(elsewhere).zone, nullptr) << elsewhere;
}

TEST(ZoneTest, WhatChangesSoonIsRememberedShortly) {
    auto name = castle();
    EXPECT_EQ(time_to_live(name), 5s);
    name.state = RouteState::starting;
    EXPECT_EQ(time_to_live(name), 5s);
    name.state = RouteState::up;
    EXPECT_EQ(time_to_live(name), 60s);
    name.server.clear();
    EXPECT_EQ(time_to_live(name), 300s);
}

}  // namespace
}  // namespace gk::wake
