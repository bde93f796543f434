#include "domain/operation/operation.hpp"
#include "tests/api/rig.hpp"

// Another tenant's things do not exist for a caller.
namespace gk::apitest {
namespace {

class Tenants : public Api {
protected:
    void SetUp() override {
        Api::SetUp();
        stranger = house.wait(house.accounts.create({.name = "test", .tenant = "other"}, "stranger", Scope::admin, {})).value().text.reveal();
        player = house.wait(house.accounts.create({.name = "test"}, "player", Scope::player, {})).value().text.reveal();
    }
    // As the holder of that key.
    template <class Act>
    auto as(const std::string& holder, Act act) {
        const auto before = std::exchange(key, holder);
        auto out = act();
        key = before;
        return out;
    }
    void happen(const std::string& type, const std::string& tenant, const std::string& space = "default") {
        const Event event{.at = house.clock.now(), .type = type, .server = {}, .server_id = "castle", .space = space, .tenant = tenant, .data = {}};
        ASSERT_TRUE(house.wait(house.ledger.append(event)));
    }
    std::string stranger, player;
};

TEST_F(Tenants, ASubscriberHearsOfItsOwnServersAlone) {
    const auto mine = follow("/v1/events");
    const auto theirs = as(stranger, [this] { return follow("/v1/events"); });
    happen("test.first", "default");
    happen("test.second", "other");
    happen("test.third", "default");

    EXPECT_EQ(next_line(*mine), "id: 1");
    EXPECT_EQ(next_line(*theirs), "id: 2");
    for (int rest = 0; rest < 3; ++rest) next_line(*mine);
    EXPECT_EQ(next_line(*mine), "id: 3");
}

TEST_F(Tenants, WhatWasIsNotReplayedToOthersEither) {
    happen("test.first", "default");
    happen("test.second", "other");
    const auto theirs = as(stranger, [this] { return follow("/v1/events", {{"Last-Event-ID", "0"}}); });
    EXPECT_EQ(next_line(*theirs), "id: 2");
}

TEST_F(Tenants, ASubscriberMayWantOneNamespace) {
    const auto team = follow("/v1/events?namespace=team");
    happen("test.first", "default");
    happen("test.second", "default", "team");
    EXPECT_EQ(next_line(*team), "id: 2");
}

TEST_F(Tenants, APlayersKeyHearsNothing) {
    EXPECT_EQ(as(player, [this] { return send("GET", "/v1/events").status; }), 403);
}

TEST_F(Tenants, ServersOperationsSnapshotsLogsAndKeysOfOthersAreNotThere) {
    const auto made = send("POST", "/v1/servers", R"({"id": "castle", "game": "toy"})");
    for (const std::string path : {"/v1/servers/castle", "/v1/servers/castle/snapshots", "/v1/servers/castle/logs", "/v1/servers/castle/explain"}) {
        EXPECT_EQ(as(stranger, [&] { return send("GET", path).status; }), 404) << path;
    }
    EXPECT_EQ(as(stranger, [&] { return send("GET", "/v1/operations/" + text(made.json, "id")).status; }), 404);
    EXPECT_EQ(as(stranger, [&] { return send("GET", "/v1/events?server=castle").status; }), 404);
    EXPECT_EQ(as(stranger, [&] { return send("POST", "/v1/servers/castle/start").status; }), 404);
    EXPECT_EQ(as(stranger, [&] { return send("DELETE", "/v1/servers/castle").status; }), 404);
    for (const std::string list : {"/v1/servers", "/v1/operations"}) {
        EXPECT_EQ(as(stranger, [&] { return send("GET", list).json.find("items")->as_array()->size(); }), 0U) << list;
    }
    EXPECT_EQ(as(stranger, [&] { return send("GET", "/v1/keys").json.find("items")->as_array()->size(); }), 1U);
}

}  // namespace
}  // namespace gk::apitest
