#include "adapters/kubernetes/objects/pod_view.hpp"

#include <gtest/gtest.h>

#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

Value read(const std::string& text) {
    auto document = net::parse_json(text);
    EXPECT_TRUE(document) << text;
    return document ? std::move(*document) : Value();
}

// A pod on a node that waits, as the statuses of one kind of containers say.
std::string waiting(const std::string& statuses, const std::string& image, const std::string& reason, const std::string& message) {
    return R"({"spec":{"nodeName":"a"},"status":{"phase":"Pending",")" + statuses + R"(":[{"image":")" + image +
           R"(","state":{"waiting":{"reason":")" + reason + R"(","message":")" + message + R"("}}}]}})";
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
    for (const auto& row : rows) {
        const auto view = pod_view(read(row.pod), NodeState::up);
        EXPECT_EQ(view.problem ? view.problem->code : "", row.code) << row.pod;
        EXPECT_NE((view.problem ? view.problem->detail : "").find(row.part), std::string::npos) << (view.problem ? view.problem->detail : "");
        EXPECT_FALSE(view.is_running);
    }
}

TEST(PodView, SaysThatTheClusterTakesItAway) {
    const auto pod = read(R"({"metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"},"spec":{"nodeName":"a"},"status":{"phase":"Running",
        "conditions":[{"type":"Ready","status":"True"},
            {"type":"DisruptionTarget","status":"True","reason":"EvictionByEvictionAPI","message":"Eviction API: evicting"}]}})");

    const auto evicted = eviction_of(pod);

    ASSERT_TRUE(evicted);
    EXPECT_EQ(evicted->code, "pod_evicted");
    EXPECT_EQ(evicted->detail, "the cluster takes the pod away: Eviction API: evicting (EvictionByEvictionAPI)");
    EXPECT_FALSE(eviction_of(read(R"({"status":{"conditions":[{"type":"DisruptionTarget","status":"False"}]}})")));
    EXPECT_FALSE(eviction_of(read(R"({"metadata":{"deletionTimestamp":"2027-01-15T08:00:00Z"},"status":{}})")));
}

TEST(PodView, OnACutOffNodeItMayStillRun) {
    const auto pod = read(R"({"metadata":{"uid":"u","deletionTimestamp":"2027-01-15T08:00:00Z"},"spec":{"nodeName":"a"},"status":{"phase":"Running",
        "podIP":"10.0.0.9","containerStatuses":[{"image":"c","state":{"running":{}}}]}})");

    const auto cut_off = pod_view(pod, NodeState::unreachable);
    const auto dead = pod_view(pod, NodeState::dead);

    EXPECT_TRUE(cut_off.is_running);
    EXPECT_TRUE(cut_off.is_leaving);
    EXPECT_FALSE(cut_off.is_over);
    ASSERT_TRUE(cut_off.problem);
    EXPECT_EQ(cut_off.problem->code, "node_unreachable");
    EXPECT_TRUE(dead.is_over);
    EXPECT_FALSE(dead.is_running);
    EXPECT_EQ(dead.problem->code, "node_dead");
}

TEST(PodView, APodThatWasThrownOutSaysWhy) {
    const auto of = [](const std::string& more) {
        return pod_view(read(R"({"spec":{"nodeName":"a"},"status":{"phase":"Failed")" + more + "}}"), NodeState::up).problem;
    };

    const auto evicted = of(R"(,"reason":"Evicted","message":"The node was low on resource: memory.")");

    ASSERT_TRUE(evicted);
    EXPECT_EQ(evicted->code, "pod_evicted");
    EXPECT_EQ(evicted->detail, "node a has ended the pod: The node was low on resource: memory. (Evicted)");
    EXPECT_FALSE(of("")) << "it ended by itself";
}

TEST(PodView, ItsShimCanBeAskedWhileItsContainerRuns) {
    const auto of = [&](const std::string& state) {
        const std::string statuses = R"([{"image":"c","state":)" + state + "}]";
        const auto status = R"({"phase":"Running","podIP":"10.0.0.9","containerStatuses":)" + statuses + "}";
        return pod_view(read(R"({"metadata":{"uid":"u"},"spec":{"nodeName":"a"},"status":)" + status + "}"), NodeState::up);
    };

    EXPECT_TRUE(of(R"({"running":{"startedAt":"2027-01-15T08:00:00Z"}})").is_running);
    EXPECT_EQ(of(R"({"running":{}})").address, "10.0.0.9");
    EXPECT_FALSE(of(R"({"terminated":{"exitCode":0}})").is_running);
}

TEST(RefusedPod, NamesTheCure) {
    server::LaunchSpec on_node;
    on_node.exposure = server::Exposure{.kind = server::Exposure::Kind::host_port, .address = {}, .dns_label = {}, .static_address = {}};
    const std::string security = "pods \"gs-castle-0\" is forbidden: violates PodSecurity \"restricted:latest\": hostPort";

    EXPECT_NE(refused_pod(on_node, security).detail.find("choose nodePort"), std::string::npos);
    EXPECT_EQ(refused_pod(on_node, security).kind, RuntimeError::Kind::invalid);
    EXPECT_EQ(refused_pod({}, security).detail, "the cluster refuses the pod: " + security);
    EXPECT_EQ(refused_pod({}, "pods is forbidden: exceeded quota: games").kind, RuntimeError::Kind::exhausted);
}

}  // namespace
}  // namespace gk::kubernetes
