#include <map>

#include <gtest/gtest.h>

#include "tests/app/household.hpp"
#include "tests/app/rival_store.hpp"

// Where ports bear the names of servers, as in a cluster, a create that fails between its ports and its record leaves its name taken.
namespace gk::apptest {
namespace {

class NamedPortMap final : public PortMap {
public:
    explicit NamedPortMap(PortMap& inner) : inner_(inner) {}
    std::map<std::string, ServerUid> names;
    std::vector<ServerUid> released;

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes,
                                                     std::vector<server::PortBinding> before) override {
        const auto holder = names.try_emplace(owner.id, owner.uid).first->second;
        if (holder != owner.uid) co_return std::unexpected(PortMapError{.kind = PortMapError::Kind::unavailable, .detail = {}, .holder = holder});
        co_return co_await inner_.reserve(std::move(owner), std::move(wishes), std::move(before));
    }
    Answer<Success> release(ServerUid server) override {
        released.push_back(server);
        std::erase_if(names, [server](const auto& it) { return it.second == server; });
        return inner_.release(server);
    }
    Answer<std::vector<Reservation>> list() override { return inner_.list(); }

private:
    PortMap& inner_;
};

struct NewPorts : testing::Test {
    Result<app::Accepted, app::Error> create(const std::string& id) {
        return house.wait(servers.create({.name = "test"}, {.id = id, .game = "toy"}, {}));
    }
    Task<void> create_castle_too() {
        app::CreateOrder order{.id = "castle", .game = "toy"};
        app::Caller caller{.name = "rival"};
        app::Idempotency once;
        rival = co_await servers.create(std::move(caller), std::move(order), std::move(once));
    }

    Household house;
    NamedPortMap port_map{house.port_map};
    RivalStore store{house.store};
    app::Servers servers{{store, house.ledger, house.runtime, port_map, house.clock, house.random},
                         house.games,
                         {.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}}};
    std::optional<Result<app::Accepted, app::Error>> rival;
    const ServerUid other = *ServerUid::parse("02000000-0000-0000-0000-000000000000");
};

// Found by seed 2 of the simulated cluster: the next tries waited for the search for orphans, and for ever where keepers did not live that long.
TEST_F(NewPorts, WhatACreateThatFailedHasLeftMakesRoomAtOnce) {
    port_map.names["castle"] = other;

    ASSERT_TRUE(create("castle"));

    EXPECT_EQ(port_map.released, std::vector{other});
    EXPECT_EQ(port_map.names.at("castle"), house.record("castle").uid);
}

TEST_F(NewPorts, WhatAServerHoldsStaysWhereverItIs) {
    ASSERT_TRUE(create("tower"));
    const auto tower = house.record("tower").uid;
    port_map.names["castle"] = tower;

    const auto made = create("castle");

    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, app::Error::Kind::unavailable);
    EXPECT_EQ(port_map.released, std::vector<ServerUid>());
}

TEST_F(NewPorts, WhatACreateHoldsThatIsAtWorkStays) {
    store.rival = [this](const server::Record&) { return create_castle_too(); };

    const auto made = create("castle");

    ASSERT_TRUE(made);
    ASSERT_TRUE(rival);
    EXPECT_FALSE(*rival);
    EXPECT_EQ(port_map.released, std::vector<ServerUid>());
    EXPECT_EQ(port_map.names.at("castle"), house.record("castle").uid);
}

}  // namespace
}  // namespace gk::apptest
