#include <algorithm>

#include <gtest/gtest.h>

#include "tests/app/household.hpp"
#include "tests/app/rival_store.hpp"

// Two who adopt one kept world at the same time: both are given the ports of the one uid, and one of them comes too late.
namespace gk::apptest {
namespace {

Task<void> create_as_keep(memory::MemoryServerStore& store, server::Record record) {
    record.id = "keep";
    std::ignore = co_await store.create(std::move(record));
}

TEST(Adoption, LeavesThePortsToWhoCameFirst) {
    Household house;
    const auto uid = house.random.id<ServerUid>();
    const KeptWorld kept{.uid = uid,
                         .id = "castle",
                         .space = "default",
                         .record = {},
                         .deleted_at = house.clock.now(),
                         .until = house.clock.now() + std::chrono::days(30)};
    ASSERT_TRUE(house.wait(house.ledger.put(kept, no_keeper)));
    RivalStore store(house.store);
    store.rival = [&](server::Record record) { return create_as_keep(house.store, std::move(record)); };
    app::Servers servers({store, house.ledger, house.runtime, house.port_map, house.clock, house.random}, house.games,
                         {.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}});

    app::CreateOrder order{.id = "castle", .game = "toy", .world = app::CreateOrder::World::adopt};
    const auto late = house.wait(servers.create({.name = "test"}, std::move(order), {}));

    ASSERT_FALSE(late.has_value());
    EXPECT_EQ(late.error().kind, app::Error::Kind::conflict);
    const auto held = house.wait(house.port_map.list()).value();
    ASSERT_FALSE(house.record("keep").ports.empty());
    for (const auto& binding : house.record("keep").ports) {
        const auto is_it = [&](const PortMap::Reservation& it) { return it.server == uid && it.binding == binding; };
        EXPECT_TRUE(std::ranges::any_of(held, is_it)) << std::to_underlying(binding.open);
    }
}

}  // namespace
}  // namespace gk::apptest
