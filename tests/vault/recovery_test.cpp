#include "app/vault/recovery.hpp"

#include <gtest/gtest.h>

#include "tests/vault/household.hpp"

namespace gk::app {
namespace {

using namespace std::chrono_literals;
using Outcome = Recovery::Found::Outcome;

Task<Result<std::vector<server::PortBinding>, Error>> same_ports(server::Record record) { co_return record.ports; }

// A second installation over the same vault, with nothing else.
class RecoveryTest : public testing::Test {
protected:
    Result<std::vector<Recovery::Found>, Error> recover() {
        Recovery recovery({.store = store, .ledger = ledger, .vault = home.memory_vault, .clock = home.clock}, same_ports);
        return home.run(recovery.run());
    }

    Household home;
    std::shared_ptr<memory::StoreState> state = std::make_shared<memory::StoreState>();
    memory::MemoryServerStore store{home.io.get_executor(), state};
    memory::MemoryLedger ledger{home.io.get_executor(), state};
};

TEST_F(RecoveryTest, RebuildsEveryServerAsStoppedWithItsSnapshots) {
    auto castle = home.add_server(1);
    castle.settings = {{"max_users", 7}};
    castle.secrets["rcon"] = Secret("swordfish");
    castle.crashes = {home.clock.now()};
    castle.request = server::Request{};
    home.back_up(castle, 1, vault::Consistency::at_rest);
    home.clock.advance(1h);
    home.back_up(castle, 2);
    home.back_up(home.add_server(2, server::Phase::paused), 3);

    const auto found = recover();

    ASSERT_TRUE(found);
    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ(found->front().outcome, Outcome::recovered) << found->front().detail;
    EXPECT_EQ(found->front().id, "castle-1");
    const auto record = home.run(store.get(castle.uid)).value();
    EXPECT_EQ(record.phase, server::Phase::stopped);
    EXPECT_EQ(record.wanted, server::Wanted::stopped);
    EXPECT_EQ(record.settings, castle.settings);
    EXPECT_EQ(record.secrets, castle.secrets);
    EXPECT_EQ(record.last_snapshot, Household::snapshot_of(2));
    EXPECT_FALSE(record.request);
    EXPECT_TRUE(record.crashes.empty());
    EXPECT_FALSE(record.world_complete);
    const auto snapshots = home.run(ledger.snapshots(castle.uid)).value();
    ASSERT_EQ(snapshots.size(), 2u);
    EXPECT_EQ(snapshots.front().id, Household::snapshot_of(2)) << "the order of sequences is that of their making";
    EXPECT_EQ(snapshots.front().status, vault::SnapshotStatus::complete);

    const auto again = recover();
    ASSERT_TRUE(again);
    EXPECT_EQ(again->front().outcome, Outcome::known);
}

TEST_F(RecoveryTest, ADamagedSnapshotIsPassedOverForAnOlderGoodOne) {
    const auto castle = home.add_server(1);
    home.back_up(castle, 1);
    home.clock.advance(1h);
    home.back_up(castle, 2);
    home.vault_state.repositories[castle.uid].back().is_damaged = true;

    const auto found = recover();

    EXPECT_EQ(found->front().outcome, Outcome::recovered);
    EXPECT_EQ(found->front().snapshot->id, Household::snapshot_of(1));
    EXPECT_NE(found->front().detail, "") << "what was passed over is said";
    EXPECT_EQ(home.run(ledger.snapshots(castle.uid))->size(), 1u);
}

TEST_F(RecoveryTest, OneLostServerDoesNotHinderTheOthers) {
    const auto castle = home.add_server(1);
    home.back_up(castle, 1);
    home.vault_state.repositories[castle.uid].front().is_damaged = true;
    home.back_up(home.add_server(2), 2);

    const auto found = recover();

    ASSERT_EQ(found->size(), 2u);
    EXPECT_EQ(found->front().outcome, Outcome::lost);
    EXPECT_EQ(found->back().outcome, Outcome::recovered);
}

TEST_F(RecoveryTest, AVaultThatIsAwayIsAnError) {
    home.vault_state.down = VaultError{VaultError::Kind::unavailable, "away"};
    EXPECT_FALSE(recover());
}

}  // namespace
}  // namespace gk::app
