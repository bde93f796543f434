#include <algorithm>

#include <gtest/gtest.h>

#include "tests/app/household.hpp"

// Two who adopt one kept world at the same time: both are given the ports of the one uid, and one of them comes too late.
namespace gk::apptest {
namespace {

// Somebody else's record is stored just before the one that is to be created.
class StoreWithARival final : public ServerStore {
public:
    explicit StoreWithARival(memory::MemoryServerStore& inner) : inner_(inner) {}
    Task<Result<server::Version, StoreError>> create(server::Record record) override {
        auto rival = record;
        rival.id = "keep";
        std::ignore = co_await inner_.create(std::move(rival));
        co_return co_await inner_.create(std::move(record));
    }
    Task<Result<server::Version, StoreError>> replace(server::Record record) override { return inner_.replace(std::move(record)); }
    Task<Result<Success, StoreError>> remove(ServerUid uid, server::Version seen) override { return inner_.remove(uid, seen); }
    Task<Result<server::Record, StoreError>> get(ServerUid uid) override { return inner_.get(uid); }
    Task<Result<server::Record, StoreError>> find(std::string space, std::string id) override { return inner_.find(std::move(space), std::move(id)); }
    Task<Result<std::vector<server::Record>, StoreError>> list() override { return inner_.list(); }
    std::shared_ptr<void> watch(Changed changed) override { return inner_.watch(std::move(changed)); }

private:
    memory::MemoryServerStore& inner_;
};

TEST(Adoption, LeavesThePortsToWhoCameFirst) {
    Household house;
    const auto uid = house.random.id<ServerUid>();
    const KeptWorld kept{.uid = uid,
                         .id = "castle",
                         .space = "default",
                         .record = {},
                         .deleted_at = house.clock.now(),
                         .until = house.clock.now() + std::chrono::days(30)};
    ASSERT_TRUE(house.wait(house.ledger.put(kept)));
    StoreWithARival store(house.store);
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
