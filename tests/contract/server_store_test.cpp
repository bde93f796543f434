#include "tests/contract/stores.hpp"

namespace gk::contract {
namespace {

using Kind = StoreError::Kind;
using server::Version;

class ServerStoreContract : public StoresTest {};
INSTANTIATE_TEST_SUITE_P(Stores, ServerStoreContract, testing::ValuesIn(all_stores()), name_of_case);

server::PortBinding udp(std::uint16_t port) {
    return {.role = "game", .protocol = Protocol::udp, .open = Port{port}, .bound = Port{port}, .internal = false};
}

TEST_P(ServerStoreContract, GivesBackWhatWasCreated) {
    auto record = record_named("alpha", 1);
    record.settings["motd"] = "hello \"world\"";
    record.secrets["rcon"] = Secret("sesame");
    record.ports = {udp(30000)};

    const auto version = wait(servers().create(record));

    ASSERT_TRUE(version);
    record.version = *version;
    EXPECT_EQ(*wait(servers().get(record.uid)), record);
    EXPECT_EQ(*wait(servers().find("default", "alpha")), record);
}

TEST_P(ServerStoreContract, KnowsNothingOfStrangers) {
    EXPECT_EQ(wait(servers().get(numbered<ServerUid>(9))).error().kind, Kind::not_found);
    EXPECT_EQ(wait(servers().find("default", "nobody")).error().kind, Kind::not_found);
    EXPECT_EQ(wait(servers().replace(record_named("nobody", 9))).error().kind, Kind::not_found);
    EXPECT_EQ(wait(servers().remove(numbered<ServerUid>(9), Version{"1"})).error().kind, Kind::not_found);
}

TEST_P(ServerStoreContract, WritesOnlyOverTheVersionThatWasRead) {
    auto record = record_named("alpha", 1);
    record.version = *wait(servers().create(record));
    auto mine = record;
    auto theirs = record;
    theirs.message = "theirs";
    mine.message = "mine";

    const auto first = wait(servers().replace(theirs));
    const auto second = wait(servers().replace(mine));

    ASSERT_TRUE(first);
    EXPECT_NE(*first, record.version);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, Kind::conflict);
    EXPECT_EQ(wait(servers().get(record.uid))->message, "theirs");
    EXPECT_EQ(wait(servers().remove(record.uid, record.version)).error().kind, Kind::conflict);
    EXPECT_TRUE(wait(servers().remove(record.uid, *first)));
    EXPECT_EQ(wait(servers().get(record.uid)).error().kind, Kind::not_found);
}

struct Clash {
    std::string_view what;
    std::function<void(server::Record&)> make;
};

TEST_P(ServerStoreContract, RefusesWhatAnotherServerHas) {
    auto holder = record_named("alpha", 1);
    holder.ports = {udp(30000)};
    ASSERT_TRUE(wait(servers().create(holder)));
    const Clash clashes[] = {
        {"uid", [](server::Record& record) { record.uid = numbered<ServerUid>(1); }},
        {"name", [](server::Record& record) { record.id = "alpha"; }},
        {"slot", [](server::Record& record) { record.slot = 1; }},
        {"port 30000/udp", [](server::Record& record) { record.ports = {udp(30001), udp(30000)}; }},
    };

    for (const auto& clash : clashes) {
        if (clash.what == "slot" && !stores_->has_slots()) continue;
        auto record = record_named("beta", 2);
        clash.make(record);
        const auto created = wait(servers().create(record));
        ASSERT_FALSE(created) << clash.what;
        EXPECT_EQ(created.error().kind, Kind::conflict) << clash.what;
        EXPECT_NE(created.error().detail.find(clash.what), std::string::npos) << created.error().detail;
        EXPECT_NE(created.error().detail.find("default/alpha"), std::string::npos) << created.error().detail;
    }
    EXPECT_EQ(wait(servers().list())->size(), 1u);
}

TEST_P(ServerStoreContract, RefusesToChangeAServerIntoAnother) {
    auto alpha = record_named("alpha", 1);
    auto beta = record_named("beta", 2);
    alpha.version = *wait(servers().create(alpha));
    beta.version = *wait(servers().create(beta));

    auto renamed = beta;
    renamed.id = "alpha";
    auto moved = beta;
    moved.slot = 1;

    EXPECT_EQ(wait(servers().replace(renamed)).error().kind, Kind::conflict);
    if (stores_->has_slots()) EXPECT_EQ(wait(servers().replace(moved)).error().kind, Kind::conflict);
    EXPECT_EQ(*wait(servers().get(beta.uid)), beta);
    EXPECT_EQ(*wait(servers().get(alpha.uid)), alpha);
}

TEST_P(ServerStoreContract, AllowsTheSameNameInAnotherSpace) {
    auto there = record_named("alpha", 2);
    there.space = "other";
    ASSERT_TRUE(wait(servers().create(record_named("alpha", 1))));

    EXPECT_TRUE(wait(servers().create(there)));

    EXPECT_EQ(wait(servers().find("other", "alpha"))->uid, there.uid);
}

TEST_P(ServerStoreContract, FreesNameSlotAndPortsWithTheServer) {
    auto record = record_named("alpha", 1);
    record.ports = {udp(30000)};
    const auto version = wait(servers().create(record));
    ASSERT_TRUE(wait(servers().remove(record.uid, *version)));

    record.uid = numbered<ServerUid>(2);

    EXPECT_TRUE(wait(servers().create(record)));
}

TEST_P(ServerStoreContract, ListsBySpaceAndId) {
    auto other = record_named("a", 4);
    other.space = "aaa";
    for (const auto& record : {record_named("beta", 1), record_named("alpha-2", 2), record_named("alpha", 3), other}) {
        ASSERT_TRUE(wait(servers().create(record)));
    }

    const auto all = wait(servers().list());

    std::vector<std::string> names;
    for (const auto& record : *all) names.push_back(record.space + "/" + record.id);
    EXPECT_EQ(names, (std::vector<std::string>{"aaa/a", "default/alpha", "default/alpha-2", "default/beta"}));
}

TEST_P(ServerStoreContract, WakesWatchersAfterTheCallAndUntilTheyLeave) {
    std::vector<ServerUid> woken;
    auto handle = servers().watch([&](ServerUid uid) { woken.push_back(uid); });
    auto record = record_named("alpha", 1);

    record.version = *wait(servers().create(record));
    settle();
    EXPECT_EQ(woken.size(), 1u);
    record.message = "changed";
    record.version = *wait(servers().replace(record));
    settle();
    EXPECT_EQ(woken, (std::vector{record.uid, record.uid}));

    handle.reset();
    ASSERT_TRUE(wait(servers().remove(record.uid, record.version)));
    settle();
    EXPECT_EQ(woken.size(), 2u);
}

TEST_P(ServerStoreContract, WakesNobodyWhenNothingChanged) {
    int woken = 0;
    ASSERT_TRUE(wait(servers().create(record_named("alpha", 1))));
    settle();
    const auto handle = servers().watch([&](ServerUid) { ++woken; });

    ASSERT_FALSE(wait(servers().create(record_named("alpha", 1))));
    settle();

    EXPECT_EQ(woken, 0);
}

TEST_P(ServerStoreContract, RemembersEverythingAcrossARestart) {
    auto record = record_named("alpha", 1);
    record.version = *wait(servers().create(record));
    record.version = *wait(servers().replace(record));

    restart();

    EXPECT_EQ(*wait(servers().get(record.uid)), record);
    EXPECT_TRUE(wait(servers().replace(record)));
}

}  // namespace
}  // namespace gk::contract
