#include "app/vault/care.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "tests/vault/household.hpp"

namespace gk::app {
namespace {

using namespace std::chrono_literals;

class VaultCareTest : public testing::Test {
protected:
    std::size_t in_catalogue(ServerUid uid) { return home.run(home.ledger.snapshots(uid))->size(); }
    std::size_t in_vault(ServerUid uid) { return home.vault_state.repositories[uid].size(); }

    Household home;
    Tenure tenure;
    VaultCare care{
        {.store = home.store, .ledger = home.ledger, .vault = home.memory_vault, .notifier = home.notifier, .clock = home.clock, .tenure = tenure},
        {.retention = {.last = 2, .daily = 0, .weekly = 0, .age_min = 1h}}};
};

TEST_F(VaultCareTest, OldSnapshotsGoFromVaultAndCatalogue) {
    const auto record = home.add_server(1);
    home.back_up(record, 1, vault::Consistency::at_rest);
    for (std::uint8_t n = 2; n <= 6; ++n) {
        home.clock.advance(2h);
        home.back_up(record, n);
    }
    home.clock.advance(2h);

    home.run(care.expire_snapshots());

    // The last two, and the one at rest.
    EXPECT_EQ(in_catalogue(record.uid), 3u);
    EXPECT_EQ(in_vault(record.uid), 3u);
    EXPECT_EQ(home.vault_state.repositories[record.uid].front().entry.id, Household::snapshot_of(1));
}

TEST_F(VaultCareTest, WhatTheVaultCannotRemoveNowIsNoLongerOfferedAndGoesLater) {
    const auto record = home.add_server(1);
    for (std::uint8_t n = 1; n <= 4; ++n) {
        home.back_up(record, n);
        home.clock.advance(2h);
    }
    home.vault_state.down = VaultError{VaultError::Kind::unavailable, "away"};
    home.run(care.expire_snapshots());
    const auto snapshots = home.run(home.ledger.snapshots(record.uid)).value();
    ASSERT_EQ(snapshots.size(), 4u);
    EXPECT_EQ(snapshots.back().status, vault::SnapshotStatus::failed);
    EXPECT_EQ(snapshots.back().reason, "expired");

    home.vault_state.down.reset();
    home.run(care.expire_snapshots());

    EXPECT_EQ(in_catalogue(record.uid), 2u);
    EXPECT_EQ(in_vault(record.uid), 2u);
}

TEST_F(VaultCareTest, NothingIsPrunedBesideANewerKeeper) {
    const auto record = home.add_server(1);
    for (std::uint8_t n = 1; n <= 6; ++n) {
        home.back_up(record, n);
        home.clock.advance(2h);
    }
    tenure.begin(*home.run(home.ledger.next_epoch()));
    ASSERT_TRUE(home.run(home.ledger.next_epoch()));

    home.run(care.expire_snapshots());

    EXPECT_EQ(in_catalogue(record.uid), 6u);
    EXPECT_EQ(in_vault(record.uid), 6u);
}

TEST_F(VaultCareTest, SnapshotsThatARecordNamesStay) {
    using Name = std::function<void(server::Record&, SnapshotId)>;
    const std::vector<std::pair<std::string, Name>> names{
        {"asked for", [](auto& record, auto id) { record.request.emplace().snapshot = id; }},
        {"the last one", [](auto& record, auto id) { record.last_snapshot = id; }},
        {"the undo", [](auto& record, auto id) { record.undo = id; }},
        {"being made", [](auto& record, auto id) { record.saving.emplace().id = id; }},
        {"staged", [](auto& record, auto id) { record.staged.emplace().snapshot = id; }},
    };
    std::uint8_t server = 0;
    for (const auto& [what, name] : names) {
        auto record = home.add_server(++server);
        const auto oldest = static_cast<std::uint8_t>(server * 10);
        for (std::uint8_t n = 0; n < 4; ++n) {
            home.back_up(record, static_cast<std::uint8_t>(oldest + n));
            home.clock.advance(2h);
        }
        name(record, Household::snapshot_of(oldest));
        ASSERT_TRUE(home.run(home.store.replace(record)));

        home.run(care.expire_snapshots());

        EXPECT_EQ(in_catalogue(record.uid), 3u) << what;
        EXPECT_EQ(home.vault_state.repositories[record.uid].front().entry.id, Household::snapshot_of(oldest)) << what;
    }
}

TEST_F(VaultCareTest, KeptWorldsGoWhenTheirTimeIsOverAndNobodyHasAdoptedThem) {
    const auto adopted = home.add_server(1);
    const auto deleted = home.add_server(2);
    home.back_up(adopted, 1);
    home.back_up(deleted, 2);
    ASSERT_TRUE(home.run(home.store.remove(deleted.uid, deleted.version)));
    for (const auto& record : {adopted, deleted}) {
        KeptWorld kept{.uid = record.uid,
                       .id = record.id,
                       .space = record.space,
                       .record = {},
                       .deleted_at = home.clock.now(),
                       .until = home.clock.now() + 720h};
        ASSERT_TRUE(home.run(home.ledger.put(kept, no_keeper)));
    }

    // Somebody may be adopting it until the last moment.
    home.clock.advance(720h);
    home.run(care.expire_kept_worlds());
    EXPECT_EQ(home.vault_state.repositories.size(), 2u);

    home.clock.advance(1h);
    home.run(care.expire_kept_worlds());
    EXPECT_TRUE(home.vault_state.repositories.contains(adopted.uid));
    EXPECT_FALSE(home.vault_state.repositories.contains(deleted.uid));
    EXPECT_EQ(in_catalogue(adopted.uid), 1u);
    EXPECT_EQ(in_catalogue(deleted.uid), 0u);
    EXPECT_TRUE(home.run(home.ledger.kept_worlds())->empty());
}

TEST_F(VaultCareTest, DamageIsHeardOfWithinTwentyDaysAndToldToPeople) {
    const auto record = home.add_server(1);
    home.back_up(record, 1);
    home.vault_state.repositories[record.uid].front().is_damaged = true;

    for (int hour = 0; hour < 20 * 24; ++hour) {
        home.run(care.sample_when_due());
        home.clock.advance(1h);
    }

    ASSERT_EQ(home.notifier.notices().size(), 1u);
    EXPECT_EQ(home.notifier.notices().front().kind, "vault_damaged");
    EXPECT_EQ(home.notifier.notices().front().server, record.uid);
}

}  // namespace
}  // namespace gk::app
