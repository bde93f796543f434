#include "app/keeper/orphans.hpp"

#include <set>

#include "adapters/memory/files.hpp"
#include "adapters/memory/game_files.hpp"
#include "adapters/memory/notifier.hpp"
#include "adapters/memory/vault.hpp"
#include "app/catalog/game_shelf.hpp"
#include "domain/fleet/server_uid.hpp"
#include "tests/app/household.hpp"

namespace gk::app {
namespace {
using namespace std::chrono_literals;

class OrphansTest : public testing::Test {
protected:
    // An operation that nobody has finished, of a server that may be gone.
    OperationId unfinished(server::Verb verb, ServerUid uid) {
        Operation operation;
        operation.id = house.random.id<OperationId>();
        operation.server = uid;
        operation.verb = verb;
        operation.created_at = house.clock.now();
        EXPECT_TRUE(house.wait(house.ledger.put(operation, no_keeper)));
        return operation.id;
    }
    void sweep(Orphans& orphans) {
        auto records = house.wait(house.store.list()).value();
        EXPECT_TRUE(house.wait(orphans.sweep(std::move(records))));
    }
    Operation operation(OperationId id) { return house.wait(house.ledger.operation(id)).value(); }

    apptest::Household house;
    memory::VaultState vaults;
    memory::MemoryVault vault{vaults, {}, [this] { return house.clock.now(); }};
    memory::MemoryFiles files{house.clock};
    memory::MemoryNotifier notifier;
    memory::MemoryGameFiles game_files;
    GameShelf shelf{house.games, {}, [](const std::string&) { return true; }, game_files};
    KeeperLimits limits;
    KeeperPorts ports{house.store, house.ledger, house.runtime, vault, files, house.port_map, house.clock, house.random, notifier, shelf};
};

TEST_F(OrphansTest, WhatACrashInterruptedEndsAtTheFirstLook) {
    const auto deleting = unfinished(server::Verb::remove, house.random.id<ServerUid>());
    const auto starting = unfinished(server::Verb::start, house.random.id<ServerUid>());
    house.clock.advance(1ms);
    Orphans orphans(ports, limits, Epoch{2});

    sweep(orphans);

    EXPECT_EQ(operation(deleting).status, Operation::Status::succeeded) << "its record is gone, so it was done";
    EXPECT_EQ(operation(starting).status, Operation::Status::failed);
    EXPECT_EQ(operation(starting).error->code, "interrupted");
}

// Its world was kept and has been adopted since: the uid is the same.
TEST_F(OrphansTest, ADeleteIsDoneAlsoWhenAnotherServerHasItsWorldNow) {
    ASSERT_TRUE(house.create({.id = "castle", .game = "toy"}));
    auto adopter = house.record("castle");
    const auto deleting = unfinished(server::Verb::remove, adopter.uid);
    const auto restarting = unfinished(server::Verb::restart, adopter.uid);
    adopter.created_at = house.clock.now() + 1ms;
    ASSERT_TRUE(house.wait(house.store.replace(adopter)));
    house.clock.advance(2ms);
    Orphans orphans(ports, limits, Epoch{2});

    sweep(orphans);

    EXPECT_EQ(operation(deleting).status, Operation::Status::succeeded);
    EXPECT_EQ(operation(restarting).error->code, "interrupted");
}

TEST_F(OrphansTest, ARequestThatIsJustBeingTakenIsLeftItsTime) {
    Orphans orphans(ports, limits, Epoch{2});
    const auto creating = unfinished(server::Verb::start, house.random.id<ServerUid>());

    sweep(orphans);
    EXPECT_FALSE(operation(creating).is_finished());

    house.clock.advance(limits.orphan_grace);
    sweep(orphans);
    EXPECT_EQ(operation(creating).status, Operation::Status::failed);
}

TEST_F(OrphansTest, WhereOthersTakeRequestsTooInheritedOnesAreLeftTheirTime) {
    limits.inherited_grace = 30s;
    const auto creating = unfinished(server::Verb::start, house.random.id<ServerUid>());
    house.clock.advance(1ms);
    Orphans orphans(ports, limits, Epoch{2});

    sweep(orphans);
    EXPECT_FALSE(operation(creating).is_finished());

    house.clock.advance(30s);
    sweep(orphans);
    EXPECT_TRUE(operation(creating).is_finished());
}

TEST_F(OrphansTest, PortsOfAServerThatWasNeverMadeAreGivenBack) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}};
    app::CreateOrder order;
    order.id = "castle";
    order.game = "toy";
    ASSERT_TRUE(house.create(order));
    const auto lost = house.random.id<ServerUid>();
    ASSERT_TRUE(house.wait(house.port_map.reserve({.uid = lost}, wishes, {})));
    const auto holders = [this] {
        std::set<ServerUid> all;
        for (const auto& held : house.wait(house.port_map.list()).value()) all.insert(held.server);
        return all;
    };
    Orphans orphans(ports, limits, Epoch{2});

    sweep(orphans);
    EXPECT_TRUE(holders().contains(lost)) << "its record may be on its way";
    // A create that takes minutes (seed 2378) would store a record with numbers that are not held.
    house.clock.advance(limits.orphan_grace);
    sweep(orphans);
    EXPECT_TRUE(holders().contains(lost));
    house.clock.advance(limits.port_grace);
    sweep(orphans);

    EXPECT_EQ(holders(), std::set{house.record("castle").uid});
}

// Whoever makes matches looks after them.
TEST_F(OrphansTest, PortsOfMatchServersAreLeftAlone) {
    const std::vector<PortWish> wishes = {{.role = "game", .udp = true}};
    const auto match_server = fleet::match_server_uid(house.random.id<ServerUid>().bits());
    ASSERT_TRUE(house.wait(house.port_map.reserve({.uid = match_server}, wishes, {})));
    Orphans orphans(ports, limits, Epoch{2});

    sweep(orphans);
    house.clock.advance(limits.port_grace);
    sweep(orphans);

    EXPECT_EQ(house.wait(house.port_map.list())->size(), 1U);
}

}  // namespace
}  // namespace gk::app
