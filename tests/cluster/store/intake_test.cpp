#include "app/intake/intake.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/store/declarations.hpp"
#include "adapters/kubernetes/store/events.hpp"
#include "adapters/memory/ledger.hpp"
#include "adapters/memory/port_map.hpp"
#include "tests/app/household.hpp"
#include "tests/cluster/store/cluster.hpp"

// People who use kubectl and people who use the API, on the same servers. Nobody carries operations out here.
namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::text_at;

class Together : public testing::Test {
protected:
    void SetUp() override {
        cluster_.clear();
        store_.emplace(io_, cluster_);
        events_.emplace(cluster_.client(), cluster_.random, "test");
        store().on_written([this](const Value& before, const ObjectPtr& after) { events_->tell_change(before, after); });
        declarations_.emplace(store(), *events_, cluster_.clock);
        app::Servers::Ports ports{store(), ledger_, runtime_, port_map_, cluster_.clock, cluster_.random};
        servers_.emplace(ports, games_, app::MachineLimits{.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}});
        intake_.emplace(app::Intake::Ports{*declarations_, *servers_, cluster_.clock});
        group_.spawn("intake", intake_->run());
        group_.spawn("events", events_->run());
    }
    void TearDown() override {
        group_.cancel();
        cluster_.wait(group_.join());
    }
    KubernetesServerStore& store() { return store_->store; }

    Value object() { return cluster_.wait(cluster_.client().get(game_servers(), castle_)).value_or(Value()); }
    void apply(Value spec) {
        auto metadata = Value::object({{"namespace", "default"}, {"name", "castle"}});
        auto document = Value::object(
            {{"apiVersion", "gamekeeper.dev/v1alpha1"}, {"kind", "GameServer"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
        auto applied = cluster_.wait(cluster_.client().apply(game_servers(), std::move(document), true));
        ASSERT_TRUE(applied) << applied.error().detail;
    }
    void edit(Value spec) {
        auto patched = cluster_.wait(cluster_.client().merge(game_servers(), castle_, Value::object({{"spec", std::move(spec)}})));
        ASSERT_TRUE(patched) << patched.error().detail;
    }
    // Until it holds; a minute at most.
    template <class Question>
    bool becomes(Question holds) {
        for (int turn = 0; turn < 3000; ++turn) {
            if (holds()) return true;
            cluster_.wait(cluster_.clock.sleep(std::chrono::milliseconds(20)));
        }
        return false;
    }
    std::optional<server::Record> record() {
        auto found = cluster_.wait(store().find("default", "castle"));
        return found ? std::optional(std::move(*found)) : std::nullopt;
    }
    std::string condition(std::string_view type, std::string_view member) {
        const auto document = object();
        const auto* all = find_at(document, {"status", "conditions"});
        if (all == nullptr) return {};
        for (const auto& it : *all->as_array()) {
            if (text_at(it, {"type"}) == type) return std::string(text_at(it, {member}));
        }
        return {};
    }
    std::vector<std::string> told() {
        const Resource events{.group = "events.k8s.io", .version = "v1", .plural = "events"};
        const wire::kubernetes::Reflector::List as_of_now;
        Selection ours{.space = "default", .labels = {}, .fields = "regarding.uid=" + std::string(wire::kubernetes::uid_of(object()))};
        const auto listed = cluster_.wait(cluster_.client().list(events, std::move(ours), as_of_now));
        std::vector<std::string> out;
        if (!listed) return out;
        for (const auto& event : listed->items) out.emplace_back(text_at(*event, {"reason"}));
        return out;
    }

    const ObjectKey castle_{.space = "default", .name = "castle"};
    const app::Caller caller_{.name = "test"};
    boost::asio::io_context io_{1};
    Cluster cluster_{io_};
    std::optional<RunningStore> store_;
    std::shared_ptr<memory::StoreState> state_ = std::make_shared<memory::StoreState>();
    memory::MemoryLedger ledger_{io_.get_executor(), state_};
    memory::MemoryPortMap port_map_{state_, cluster_.clock, {.range = {.first = Port{31000}, .last = Port{31009}}}};
    apptest::QuietRuntime runtime_;
    catalog::Catalog games_ = apptest::shipped_games();
    std::optional<app::Servers> servers_;
    std::optional<EventTeller> events_;
    std::optional<KubernetesDeclarations> declarations_;
    std::optional<app::Intake> intake_;
    async::TaskGroup group_{io_.get_executor()};
};

TEST_F(Together, WhatIsAppliedIsCreatedAndItsStoryIsTold) {
    apply(Value::object({{"game", "toy"}, {"settings", Value::object({{"greeting", "hi"}})}}));

    ASSERT_TRUE(becomes([&] { return condition("Accepted", "status") == "True"; }));

    EXPECT_EQ(record()->wanted, server::Wanted::running);
    EXPECT_EQ(text_at(object(), {"status", "state"}), "starting");
    EXPECT_EQ(*find_at(object(), {"status", "observedGeneration"}), *find_at(object(), {"metadata", "generation"}));
    // That it was asked for is no event; what comes of it is.
    auto up = *record();
    up.phase = server::Phase::running;
    ASSERT_TRUE(cluster_.wait(store().replace(std::move(up))));
    EXPECT_TRUE(becomes([&] { return told() == std::vector<std::string>{"Running"}; }));
}

TEST_F(Together, WhatIsRefusedSaysWhy) {
    apply(Value::object({{"game", "chess"}}));

    ASSERT_TRUE(becomes([&] { return condition("Accepted", "status") == "False"; }));

    EXPECT_EQ(condition("Accepted", "reason"), "Invalid");
    EXPECT_NE(condition("Accepted", "message").find("/game: "), std::string::npos) << condition("Accepted", "message");
    EXPECT_TRUE(becomes([&] { return told() == std::vector<std::string>{"Refused"}; }));
    apply(Value::object({{"game", "toy"}}));
    EXPECT_TRUE(becomes([&] { return condition("Accepted", "status") == "True"; }));
}

TEST_F(Together, BothChangeTheSameServer) {
    app::CreateOrder order{.id = "castle", .game = "toy"};
    ASSERT_TRUE(cluster_.wait(servers_->create(caller_, std::move(order), {})));
    EXPECT_EQ(*find_at(object(), {"spec", "replicas"}), Value(0));

    edit(Value::object({{"replicas", 1}}));
    EXPECT_TRUE(becomes([&] { return record()->wanted == server::Wanted::running; }));
    app::PatchOrder patch;
    patch.settings.emplace().emplace("greeting", "from the API");
    ASSERT_TRUE(cluster_.wait(servers_->patch(caller_, "default", "castle", std::move(patch))));
    EXPECT_TRUE(becomes([&] { return text_at(object(), {"spec", "settings", "greeting"}) == "from the API"; }));
    edit(Value::object({{"settings", Value::object({{"max_users", 5}})}}));
    EXPECT_TRUE(becomes([&] { return record()->settings.contains("max_users"); }));
    EXPECT_EQ(record()->settings.at("greeting"), Value("from the API"));
}

TEST_F(Together, KubectlDeleteWaitsForTheKeeper) {
    apply(Value::object({{"game", "toy"}, {"replicas", 0}}));
    ASSERT_TRUE(becomes([&] { return record().has_value(); }));

    ASSERT_TRUE(cluster_.wait(cluster_.client().remove(game_servers(), castle_, {})));

    EXPECT_TRUE(becomes([&] { return record()->wanted == server::Wanted::deleted; }));
    // As the keeper does: read again when somebody else, the intake here, has written in between.
    EXPECT_TRUE(becomes([&] {
        const auto now = cluster_.wait(store().get(record()->uid)).value();
        return cluster_.wait(store().remove(now.uid, now.version)).has_value();
    }));
    EXPECT_TRUE(object().is_null());
}

}  // namespace
}  // namespace gk::kubernetes
