#include "adapters/kubernetes/pod_view.hpp"

#include <gtest/gtest.h>

#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

Value read(const std::string& text) {
    auto document = net::parse_json(text);
    EXPECT_TRUE(document) << text;
    return document ? std::move(*document) : Value();
}

// A Node whose kubelet was heard of as `ready` says: True, False, Unknown.
std::string node_that_is(const std::string& ready, const std::string& rest = "") {
    return R"({"status":{"conditions":[{"type":"Ready","status":")" + ready + R"("}]})" + rest + "}";
}
const std::string ready_node = node_that_is("True");
const std::string silent_node = node_that_is("Unknown");

std::string tainted(const std::string& taint) { return R"(,"spec":{"taints":[{"key":"node.kubernetes.io/)" + taint + R"(","effect":"NoExecute"}]})"; }

TEST(Node, IsDeadOnlyWhenThatIsProven) {
    struct Row {
        std::string node;  // Empty: deleted.
        NodeState state;
    };
    const Row rows[] = {
        {"", NodeState::dead},
        {ready_node, NodeState::up},
        // The kubelet itself says that it is not ready: it is there, and its pods run.
        {node_that_is("False"), NodeState::up},
        {silent_node, NodeState::unreachable},
        {node_that_is("Unknown", tainted("unreachable")), NodeState::unreachable},
        {node_that_is("Unknown", tainted("out-of-service")), NodeState::dead},
        {node_that_is("Unknown", R"(,"metadata":{"annotations":{"gamekeeper.dev/confirmed-dead":"by me"}})"), NodeState::dead},
        {node_that_is("True", R"(,"spec":{"unschedulable":true})"), NodeState::up},
        {"{}", NodeState::up},
    };
    for (const auto& row : rows) {
        const auto node = row.node.empty() ? Value() : read(row.node);
        EXPECT_EQ(node_state(row.node.empty() ? nullptr : &node), row.state) << row.node;
    }
}

// A pod on a node that waits, as the statuses of one kind of containers say.
std::string waiting(const std::string& statuses, const std::string& image, const std::string& reason, const std::string& message) {
    return R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending",")" + statuses + R"(":[{"image":")" + image +
           R"(","state":{"waiting":{"reason":")" + reason + R"(","message":")" + message + R"("}}}]}})";
}

TEST(Node, IsReachedByItsExternalAddressFirst) {
    const auto of = [](const std::string& addresses) { return node_address(read(R"({"status":{"addresses":[)" + addresses + "]}}")); };
    const std::string internal = R"({"type":"InternalIP","address":"10.0.0.1"})", external = R"({"type":"ExternalIP","address":"192.0.2.1"})";

    EXPECT_EQ(of(internal + "," + external), "192.0.2.1");
    EXPECT_EQ(of(R"({"type":"Hostname","address":"a"},)" + internal), "10.0.0.1");
    EXPECT_EQ(of(R"({"type":"Hostname","address":"a"})"), "");
}

TEST(PodView, SaysWhatIsWrong) {
    struct Row {
        std::string pod;
        std::string code;  // Empty: nothing.
        std::string part;  // Of the sentence.
    };
    const auto game = "containerStatuses";
    const std::string no_room = R"({"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"2 Insufficient memory."})";
    const Row rows[] = {
        {R"({"status":{"phase":"Pending"}})", "", ""},
        {R"({"status":{"phase":"Pending","conditions":[)" + no_room + "]}}", "unschedulable", "2 Insufficient memory"},
        {waiting(game, "castle:1", "ContainerCreating", ""), "", ""},
        {waiting(game, "castle:1", "ImagePullBackOff", "Back-off"), "image_unavailable", "castle:1 cannot be pulled: Back-off"},
        {waiting("initContainerStatuses", "shim:1", "ErrImagePull", "no"), "image_unavailable", "shim:1"},
        {waiting(game, "a b", "InvalidImageName", ""), "image_invalid", "'a b'"},
        {waiting(game, "c", "CreateContainerConfigError", "secret gs-a not found"), "pod_incomplete", "gs-a"},
        {waiting(game, "c", "CrashLoopBackOff", ""), "shim_ends", "CrashLoopBackOff"},
    };
    const auto node = read(ready_node);
    for (const auto& row : rows) {
        const auto view = pod_view(read(row.pod), &node);
        EXPECT_EQ(view.problem ? view.problem->code : "", row.code) << row.pod;
        EXPECT_NE((view.problem ? view.problem->detail : "").find(row.part), std::string::npos) << (view.problem ? view.problem->detail : "");
        EXPECT_FALSE(view.is_running);
    }
}

TEST(PodView, OnACutOffNodeItMayStillRun) {
    const auto pod = read(R"({"metadata":{"uid":"u","deletionTimestamp":"2027-01-15T08:00:00Z"},"spec":{"nodeName":"a"},"status":{"phase":"Running",
        "podIP":"10.0.0.9","containerStatuses":[{"image":"c","state":{"running":{}}}]}})");
    const auto silent = read(silent_node);

    const auto cut_off = pod_view(pod, &silent);
    const auto dead = pod_view(pod, nullptr);

    EXPECT_TRUE(cut_off.is_running);
    EXPECT_TRUE(cut_off.is_leaving);
    EXPECT_FALSE(cut_off.is_over);
    ASSERT_TRUE(cut_off.problem);
    EXPECT_EQ(cut_off.problem->code, "node_unreachable");
    EXPECT_TRUE(dead.is_over);
    EXPECT_FALSE(dead.is_running);
}

TEST(PodView, ItsShimCanBeAskedWhileItsContainerRuns) {
    const auto node = read(ready_node);
    const auto of = [&](const std::string& state) {
        const std::string statuses = R"([{"image":"c","state":)" + state + "}]";
        const auto status = R"({"phase":"Running","podIP":"10.0.0.9","containerStatuses":)" + statuses + "}";
        return pod_view(read(R"({"metadata":{"uid":"u"},"spec":{"nodeName":"a"},"status":)" + status + "}"), &node);
    };

    EXPECT_TRUE(of(R"({"running":{"startedAt":"2027-01-15T08:00:00Z"}})").is_running);
    EXPECT_EQ(of(R"({"running":{}})").address, "10.0.0.9");
    EXPECT_FALSE(of(R"({"terminated":{"exitCode":0}})").is_running);
}

}  // namespace
}  // namespace gk::kubernetes
