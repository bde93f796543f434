#include <gtest/gtest.h>

#include "tests/cluster/store/cluster.hpp"
#include "tests/contract/stores.hpp"

// What a cluster adds to the contract of ServerStore: other writers of the same objects, and copies that are behind.
namespace gk::kubernetes {
namespace {

using contract::record_named;
using Kind = StoreError::Kind;

class KubernetesServerStoreTest : public testing::Test {
protected:
    void SetUp() override {
        cluster_.clear();
        one_.emplace(io_, cluster_);
        other_.emplace(io_, cluster_);
    }
    template <class T>
    T wait(Task<T> task) {
        return cluster_.wait(std::move(task));
    }
    KubernetesServerStore& one() { return one_->store; }
    KubernetesServerStore& other() { return other_->store; }
    // The record as it is stored then.
    server::Record made(server::Record record) {
        const auto version = wait(one().create(record));
        EXPECT_TRUE(version) << version.error().detail;
        if (version) record.version = *version;
        return record;
    }
    server::Record changed(server::Record record) {
        const auto version = wait(one().replace(record));
        EXPECT_TRUE(version) << version.error().detail;
        if (version) record.version = *version;
        return record;
    }
    Value object(const std::string& name) { return wait(cluster_.client().get(game_servers(), {.space = "default", .name = name})).value(); }
    void declare(const std::string& name, Value spec) {
        auto metadata = Value::object({{"namespace", "default"}, {"name", name}});
        auto made = wait(cluster_.client().create(
            game_servers(),
            Value::object(
                {{"apiVersion", "gamekeeper.dev/v1alpha1"}, {"kind", "GameServer"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}})));
        ASSERT_TRUE(made) << made.error().detail;
    }

    boost::asio::io_context io_{1};
    Cluster cluster_{io_};
    std::optional<RunningStore> one_, other_;
};

TEST_F(KubernetesServerStoreTest, SaysOfNoServerThatItIsNotThereByAnOldCopy) {
    other_->sleep();
    auto record = record_named("alpha", 1);

    record = made(std::move(record));

    const auto got = wait(other().get(record.uid));
    ASSERT_TRUE(got) << got.error().detail;
    EXPECT_EQ(*got, record);
}

TEST_F(KubernetesServerStoreTest, DestroysNothingByAnOldCopy) {
    auto record = record_named("alpha", 1);
    record = made(std::move(record));
    auto old = *wait(other().get(record.uid));
    other_->sleep();
    record.message = "players have come";
    record = changed(std::move(record));

    EXPECT_EQ(wait(other().remove(old.uid, old.version)).error().kind, Kind::conflict);
    EXPECT_EQ(wait(other().replace(old)).error().kind, Kind::conflict);
    EXPECT_EQ(*wait(one().get(record.uid)), record);
    EXPECT_EQ(*wait(other().get(record.uid)), record);
}

TEST_F(KubernetesServerStoreTest, TakesAnObjectThatPeopleHaveMade) {
    declare("alpha", Value::object({{"game", "minetest"}, {"settings", Value::object({{"motd", "hi"}})}}));
    EXPECT_EQ(wait(one().find("default", "alpha")).error().kind, Kind::not_found) << "it has no record";

    auto record = record_named("alpha", 1);
    record.secrets["rcon"] = Secret("sesame");
    record = made(std::move(record));

    EXPECT_EQ(*wait(other().get(record.uid)), record);
    const auto now = object("alpha");
    EXPECT_EQ(*wire::kubernetes::find_at(now, {"spec", "settings", "motd"}), Value("hi")) << "what was declared stays";
    EXPECT_EQ(to_json(now).find("sesame"), std::string::npos) << "secrets are not in the object";
    EXPECT_EQ(wait(other().create(record_named("alpha", 2))).error().kind, Kind::conflict);
}

TEST_F(KubernetesServerStoreTest, OfTwoWhoCreateOneNameOneDoes) {
    auto mine = record_named("alpha", 1);
    auto theirs = record_named("alpha", 2);
    one_->sleep();
    other_->sleep();

    ASSERT_TRUE(wait(one().create(mine)));
    const auto second = wait(other().create(theirs));

    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::conflict);
    EXPECT_EQ(wait(other().find("default", "alpha"))->uid, mine.uid);
}

TEST_F(KubernetesServerStoreTest, LetsADeletionWaitForTheWorld) {
    auto record = record_named("alpha", 1);
    record = made(std::move(record));

    ASSERT_TRUE(wait(cluster_.client().remove(game_servers(), {.space = "default", .name = "alpha"}, {})));
    wait(one().catch_up());

    auto still = wait(one().get(record.uid));
    ASSERT_TRUE(still) << "kubectl delete is a wish";
    EXPECT_TRUE(wait(one().remove(still->uid, still->version)));
    EXPECT_EQ(wait(other().get(record.uid)).error().kind, Kind::not_found);
}

TEST_F(KubernetesServerStoreTest, KeepsTheKeysOfAShimAndNothingElseChangesThem) {
    auto record = record_named("alpha", 1);
    record.secrets["rcon"] = Secret("sesame");
    record = made(std::move(record));
    const ObjectKey key{.space = "default", .name = "alpha"};
    const auto before = wait(other().secrets().read(key)).value();

    record.secrets["rcon"] = Secret("another");
    record = changed(std::move(record));
    RunningStore third(io_, cluster_);

    const auto after = wait(third.store.secrets().read(key)).value();
    EXPECT_EQ(before.shim.reveal().size(), 32u);
    EXPECT_EQ(after.shim, before.shim);
    EXPECT_EQ(after.tools, before.tools);
    EXPECT_NE(after.shim, after.tools);
    EXPECT_EQ(after.game.at("rcon"), Secret("another"));
}

TEST_F(KubernetesServerStoreTest, LeavesADamagedRecordAloneAndReadsTheOthers) {
    auto record = record_named("alpha", 1);
    record = made(std::move(record));
    ASSERT_TRUE(wait(one().create(record_named("beta", 2))));
    auto patch = Value::object({{"status", Value::object({{"record", "{\"nonsense\":"}})}});
    ASSERT_TRUE(wait(cluster_.client().merge(game_servers(), {.space = "default", .name = "alpha"}, std::move(patch), "status")));

    RunningStore fresh(io_, cluster_);

    // The first list of a copy may be an old one of the API server's own.
    const auto is_told = [&] {
        const auto found = wait(fresh.store.find("default", "alpha"));
        return !found && found.error().kind == Kind::corrupt && wait(fresh.store.list())->size() == 1;
    };
    for (int turn = 0; turn < 500 && !is_told(); ++turn) wait(cluster_.clock.sleep(std::chrono::milliseconds(20)));

    EXPECT_TRUE(is_told());
    EXPECT_EQ(wait(fresh.store.create(record_named("alpha", 3))).error().kind, Kind::corrupt);
}

}  // namespace
}  // namespace gk::kubernetes
