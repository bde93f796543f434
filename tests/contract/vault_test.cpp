#include "adapters/memory/vault.hpp"

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "async/run.hpp"
#include "ports/vault.hpp"
#include "tests/vault/test_vault.hpp"

// What every vault must do, whatever it is made of.
namespace gk {
namespace {

using Kind = VaultError::Kind;
using World = std::map<std::string, std::string>;

// A vault and the worlds it saves.
class Bench {
public:
    virtual ~Bench() = default;
    virtual Vault& vault() = 0;
    virtual void set_world(ServerUid uid, const World& world) = 0;
    virtual void make_stage(ServerUid uid) = 0;
    virtual World staged(ServerUid uid) = 0;
    // Changes bytes of everything that is stored for the server now.
    virtual void damage(ServerUid uid) = 0;

    template <class T>
    T run(Task<T> task) {
        return async::run_until_done(io, std::move(task));
    }
    boost::asio::io_context io;
};

class MemoryBench final : public Bench {
public:
    Vault& vault() override { return vault_; }
    void set_world(ServerUid uid, const World& world) override { worlds_[uid] = world; }
    void make_stage(ServerUid uid) override { staged_[uid]; }
    World staged(ServerUid uid) override { return staged_[uid]; }
    void damage(ServerUid uid) override {
        for (auto& stored : state_.repositories[uid]) stored.is_damaged = true;
    }

private:
    memory::WorldAccess access() {
        return {.read = [this](ServerUid uid) { return worlds_.contains(uid) ? std::optional(worlds_[uid]) : std::nullopt; },
                .stage =
                    [this](ServerUid uid, World world, std::uint32_t) {
                        if (!staged_.contains(uid)) return false;
                        staged_[uid] = std::move(world);
                        return true;
                    }};
    }
    std::map<ServerUid, World> worlds_;
    std::map<ServerUid, World> staged_;
    memory::VaultState state_;
    memory::MemoryVault vault_{state_, access(), [time = Time{}]() mutable { return time += Milliseconds(1); }};
};

class ResticBench final : public Bench {
public:
    Vault& vault() override { return test_.vault; }
    void set_world(ServerUid uid, const World& world) override {
        std::filesystem::remove_all(test_.bench.world(uid, WorldDisk::live));
        test_.write_world(uid, world);
    }
    void make_stage(ServerUid uid) override { test_.write_world(uid, {}, WorldDisk::staged); }
    World staged(ServerUid uid) override { return test_.read_world(uid, WorldDisk::staged); }
    void damage(ServerUid uid) override {
        const auto repository = test_.repository_of(uid);
        for (const auto& name : restic::names_in(repository, "data")) {
            const auto pack = restic::path_of(repository, "data", name);
            std::filesystem::permissions(pack, std::filesystem::perms::owner_all);
            auto content = restic::read_file(pack);
            content[content.size() / 3] = static_cast<char>(content[content.size() / 3] ^ 1);
            std::ofstream(pack, std::ios::binary) << content;
        }
    }

private:
    restic::TestVault test_;
};

class VaultContract : public testing::TestWithParam<const char*> {
protected:
    VaultContract()
        : bench(std::string_view(GetParam()) == "memory" ? std::unique_ptr<Bench>(new MemoryBench) : std::unique_ptr<Bench>(new ResticBench)) {}
    Vault& vault() { return bench->vault(); }
    TakenSnapshot take(std::uint8_t n) {
        const auto taken = bench->run(vault().take(restic::order_of(castle, n)));
        EXPECT_TRUE(taken) << (taken ? "" : taken.error().detail);
        return taken.value_or(TakenSnapshot{});
    }

    const ServerUid castle = restic::server_of(1);
    std::unique_ptr<Bench> bench;
};

TEST_P(VaultContract, WhatWasTakenComesBackByteForByte) {
    const World world{{"map", std::string(100000, 'x')}, {"players/ann", std::string("\0\xff\n", 3)}, {"empty", ""}};
    bench->set_world(castle, world);

    const auto taken = take(1);
    EXPECT_EQ(taken.files, 3);
    EXPECT_EQ(taken.bytes, 100003);
    EXPECT_TRUE(bench->run(vault().verify(castle, taken.engine_id)));

    // When the world has changed since, the snapshot has not.
    bench->set_world(castle, {{"map", "ruins"}});
    bench->make_stage(castle);
    ASSERT_TRUE(bench->run(vault().restore_to_stage(castle, taken.engine_id, 3, Epoch{1})));
    EXPECT_EQ(bench->staged(castle), world);
    EXPECT_EQ(*bench->run(vault().record_of(castle, taken.engine_id)), restic::order_of(castle, 1).record);
}

TEST_P(VaultContract, TheSameOrderIsTheSameSnapshot) {
    bench->set_world(castle, {{"map", "one"}});
    const auto first = take(1);
    bench->set_world(castle, {{"map", "two"}});
    EXPECT_EQ(take(1).engine_id, first.engine_id);
    EXPECT_NE(take(2).engine_id, first.engine_id);
    EXPECT_EQ(bench->run(vault().list(castle))->size(), 2u);
}

TEST_P(VaultContract, ListsWhatItHolds) {
    EXPECT_TRUE(bench->run(vault().list(castle))->empty());
    EXPECT_TRUE(bench->run(vault().repositories())->empty());
    bench->set_world(castle, {{"map", "one"}});
    auto order = restic::order_of(castle, 1);
    order.consistency = vault::Consistency::quiesced;
    order.trigger = vault::Trigger::schedule;
    const auto id = order.id;
    const auto taken = bench->run(vault().take(std::move(order)));
    ASSERT_TRUE(taken);

    const auto entries = bench->run(vault().list(castle));
    ASSERT_EQ(entries->size(), 1u);
    EXPECT_EQ(entries->front().id, id);
    EXPECT_EQ(entries->front().engine_id, taken->engine_id);
    EXPECT_EQ(entries->front().consistency, vault::Consistency::quiesced);
    EXPECT_EQ(entries->front().trigger, vault::Trigger::schedule);
    EXPECT_EQ(*bench->run(vault().repositories()), std::vector{castle});
}

TEST_P(VaultContract, ExcludedPathsStayOut) {
    bench->set_world(castle, {{"map", "m"}, {"cache/a", "a"}, {"deep/cache/b", "b"}, {"x.tmp", "t"}, {"deep/y.tmp", "t"}});
    auto order = restic::order_of(castle, 1);
    order.excludes = {"/cache", "*.tmp"};
    const auto taken = bench->run(vault().take(std::move(order)));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->files, 2);
    bench->make_stage(castle);
    ASSERT_TRUE(bench->run(vault().restore_to_stage(castle, taken->engine_id, 0, Epoch{1})));
    EXPECT_EQ(bench->staged(castle), (World{{"map", "m"}, {"deep/cache/b", "b"}}));
}

TEST_P(VaultContract, AWorldThatIsNotThereCannotBeSavedNorRestoredInto) {
    EXPECT_EQ(bench->run(vault().take(restic::order_of(castle, 1))).error().kind, Kind::unreadable);
    bench->set_world(castle, {{"map", "one"}});
    const auto taken = take(2);
    EXPECT_EQ(bench->run(vault().restore_to_stage(castle, taken.engine_id, 0, Epoch{1})).error().kind, Kind::unreadable) << "no staged disk";
}

TEST_P(VaultContract, WhatIsNotThereIsNotFound) {
    const std::string nothing(64, 'a');
    EXPECT_EQ(bench->run(vault().verify(castle, nothing)).error().kind, Kind::not_found) << "no repository";
    EXPECT_EQ(bench->run(vault().record_of(castle, nothing)).error().kind, Kind::not_found) << "no repository";
    bench->set_world(castle, {{"map", "one"}});
    bench->make_stage(castle);
    take(1);
    EXPECT_EQ(bench->run(vault().verify(castle, nothing)).error().kind, Kind::not_found);
    EXPECT_EQ(bench->run(vault().record_of(castle, nothing)).error().kind, Kind::not_found);
    EXPECT_EQ(bench->run(vault().restore_to_stage(castle, nothing, 0, Epoch{1})).error().kind, Kind::not_found);
}

TEST_P(VaultContract, DamageIsNeverTakenForGood) {
    bench->set_world(castle, {{"map", "one"}});
    const auto taken = take(1);
    bench->damage(castle);

    EXPECT_EQ(bench->run(vault().verify(castle, taken.engine_id)).error().kind, Kind::corrupt);
    bool sampled = true;
    for (std::uint64_t turn = 0; turn < 2; ++turn) sampled = sampled && bench->run(vault().sample(castle, 50, turn));
    EXPECT_FALSE(sampled);
}

TEST_P(VaultContract, ForgettingTakesOnlyWhatWasNamed) {
    bench->set_world(castle, {{"map", "one"}});
    const auto first = take(1);
    bench->set_world(castle, {{"map", "one"}, {"new", "n"}});
    const auto second = take(2);

    ASSERT_TRUE(bench->run(vault().forget(castle, {first.engine_id, std::string(64, 'b')}, Epoch{1})));

    EXPECT_EQ(bench->run(vault().verify(castle, first.engine_id)).error().kind, Kind::not_found);
    EXPECT_TRUE(bench->run(vault().verify(castle, second.engine_id)));
    EXPECT_TRUE(bench->run(vault().sample(castle, 100, 0)));
    bench->make_stage(castle);
    ASSERT_TRUE(bench->run(vault().restore_to_stage(castle, second.engine_id, 0, Epoch{1})));
    EXPECT_EQ(bench->staged(castle), (World{{"map", "one"}, {"new", "n"}}));
}

TEST_P(VaultContract, ARemovedRepositoryIsGoneAndCanBeBegunAgain) {
    bench->set_world(castle, {{"map", "one"}});
    take(1);
    ASSERT_TRUE(bench->run(vault().remove_repository(castle, Epoch{1})));
    EXPECT_TRUE(bench->run(vault().repositories())->empty());
    EXPECT_TRUE(bench->run(vault().remove_repository(castle, Epoch{1})));
    EXPECT_TRUE(bench->run(vault().probe()));
}

TEST_P(VaultContract, AKeeperThatWasReplacedChangesNothingMore) {
    bench->set_world(castle, {{"map", "blocks"}});
    const auto first = take(1);
    auto newer = restic::order_of(castle, 2);
    newer.epoch = Epoch{2};
    ASSERT_TRUE(bench->run(vault().take(std::move(newer))));

    EXPECT_EQ(bench->run(vault().take(restic::order_of(castle, 3))).error().kind, Kind::fenced);
    EXPECT_EQ(bench->run(vault().forget(castle, {first.engine_id}, Epoch{1})).error().kind, Kind::fenced);
    bench->make_stage(castle);
    EXPECT_EQ(bench->run(vault().restore_to_stage(castle, first.engine_id, 0, Epoch{1})).error().kind, Kind::fenced);
    EXPECT_EQ(bench->run(vault().remove_repository(castle, Epoch{1})).error().kind, Kind::fenced);

    EXPECT_EQ(bench->run(vault().list(castle))->size(), 2U) << "reading is nobody's privilege";
    EXPECT_TRUE(bench->run(vault().forget(castle, {first.engine_id}, Epoch{2})));
}

INSTANTIATE_TEST_SUITE_P(Adapters, VaultContract, testing::Values("memory", "restic"), [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace gk
