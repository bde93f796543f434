#include "adapters/kubernetes/objects/backup_pod.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::kubernetes {
namespace {

const auto uid = *ServerUid::parse("01000000-0000-0000-0000-000000000000");

Value document(bool may_write, const std::string& node = {}) {
    const BackupPod pod{.uid = uid,
                        .server = {"friends", "castle"},
                        .claim = "gs-castle-2",
                        .may_write = may_write,
                        .node = node,
                        .host_name = "gamekeeper-vault",
                        .life = std::chrono::hours(7)};
    return backup_pod(pod, {.image = "registry.example.org/restic:1"}, PodRules{});
}

std::string mount_of(const Value& pod, std::string_view volume) {
    const auto& container = wire::kubernetes::find_at(pod, {"spec", "containers"})->as_array()->front();
    for (const auto& mount : *container.find("volumeMounts")->as_array()) {
        if (*mount.find("name")->as_string() == volume) return to_json(mount);
    }
    return {};
}

TEST(BackupPod, ReadsAWorldThatItCannotWrite) {
    const auto pod = document(false);
    EXPECT_EQ(mount_of(pod, "world"), R"({"name":"world","mountPath":"/gk/work/data","subPath":"data","readOnly":true})");
    EXPECT_NE(mount_of(pod, "work"), "");
}

TEST(BackupPod, WritesOnlyAStagedWorld) { EXPECT_EQ(mount_of(document(true), "world"), R"({"name":"world","mountPath":"/gk/work"})"); }

TEST(BackupPod, IsWhereTheClaimIsAndGoesByItself) {
    const auto pod = document(false, "node-2");
    EXPECT_EQ(wire::kubernetes::text_at(pod, {"spec", "nodeName"}), "node-2");
    EXPECT_EQ(wire::kubernetes::text_at(pod, {"spec", "hostname"}), "gamekeeper-vault");
    EXPECT_EQ(wire::kubernetes::text_at(pod, {"spec", "restartPolicy"}), "Never");
    EXPECT_EQ(*wire::kubernetes::find_at(pod, {"spec", "activeDeadlineSeconds"})->as_int(), 7 * 3600);
    EXPECT_EQ(wire::kubernetes::find_at(document(false), {"spec", "nodeName"}), nullptr) << "the scheduler knows where a claim can be";
    EXPECT_EQ(wire::kubernetes::text_at(pod, {"metadata", "name"}), "gs-castle-backup") << "one at a time";
    EXPECT_NE(wire::kubernetes::text_at(pod, {"metadata", "labels", component_label}), game_component) << "no Service sends players there";
}

TEST(BackupPod, FindsRoomWhereGamesHaveTakenAllThereIs) {
    const auto requests = [](const Value& pod) {
        const auto& container = wire::kubernetes::find_at(pod, {"spec", "containers"})->as_array()->front();
        return to_json(*container.find("resources")->find("requests"));
    };
    EXPECT_EQ(requests(document(false, "node-2")), R"({"cpu":"0","memory":"0"})");
    EXPECT_EQ(requests(document(true)), R"({"cpu":"1000m","memory":"512Mi"})") << "a restore goes where there is room";
}

TEST(BackupPod, RunsAsWhomAndWhereTheGameDoes) {
    const BackupPod pod{.uid = uid,
                        .server = {"friends", "castle"},
                        .claim = "gs-castle-2",
                        .game = {.reference = "castle:1", .user = 1000, .node_selector = {{"pool", "on-demand"}}}};

    const auto made = backup_pod(pod, {}, PodRules{});

    EXPECT_EQ(*wire::kubernetes::find_at(made, {"spec", "securityContext", "runAsUser"}), Value(1000)) << "it owns what the game wrote";
    EXPECT_EQ(*wire::kubernetes::find_at(made, {"spec", "securityContext", "fsGroup"}), Value(61000));
    EXPECT_EQ(wire::kubernetes::text_at(made, {"spec", "nodeSelector", "pool"}), "on-demand") << "a claim that it binds is where the game can be";
}

TEST(BackupPod, TellsWhoseItIs) {
    const BackupPod pod{.uid = uid, .server = {"friends", "castle"}, .epoch = Epoch{7}, .claim = "gs-castle-2"};
    const auto made = backup_pod(pod, {}, PodRules{});
    EXPECT_EQ(wire::kubernetes::text_at(made, {"metadata", "annotations", epoch_annotation}), "7");
}

TEST(BackupPod, HasAControllerWithoutWhichNoNodeCouldBeDrained) {
    const BackupPod pod{.uid = uid, .server = {"friends", "castle"}, .owner = "7b1f", .epoch = Epoch{7}, .claim = "gs-castle-2"};
    const auto owners = *wire::kubernetes::find_at(backup_pod(pod, {}, PodRules{}), {"metadata", "ownerReferences"});
    EXPECT_EQ(to_json(owners), R"([{"apiVersion":"gamekeeper.dev/v1alpha1","kind":"GameServer","name":"castle","uid":"7b1f","controller":true}])");
    EXPECT_EQ(wire::kubernetes::find_at(document(false), {"metadata", "ownerReferences"}), nullptr)
        << "of an unknown owner's pod there would be nothing left";
}

TEST(BackupPod, IsGivenItsSecretsOverTheConnectionAlone) {
    Workbench::Job job;
    job.server = uid;
    job.argv = {"restic", "--repo", "a b", "snapshots"};
    job.env = {{"TZ", "UTC"}};
    job.secrets["RESTIC_PASSWORD"] = Secret("treasure");

    const auto order = program_order(job);

    EXPECT_EQ(order.env.at("RESTIC_PASSWORD"), "treasure");
    EXPECT_EQ(order.env.at("TZ"), "UTC");
    EXPECT_EQ(order.argv, job.argv) << "no shell reads them";
    EXPECT_TRUE(std::ranges::none_of(order.argv, [](const std::string& word) { return word.contains("treasure"); }));
    EXPECT_FALSE(to_json(document(false)).contains("treasure"));
}

}  // namespace
}  // namespace gk::kubernetes
