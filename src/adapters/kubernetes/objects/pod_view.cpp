#include "adapters/kubernetes/objects/pod_view.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/pod.hpp"
#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::list_at;
using wire::kubernetes::text_at;

// Null: it has none of that type.
const Value* condition(const Value& object, std::string_view type) {
    for (const auto& it : list_at(object, {"status", "conditions"})) {
        if (text_at(it, {"type"}) == type) return &it;
    }
    return nullptr;
}

// What a container that does not run is waiting for. The reasons are the kubelet's.
struct Row {
    std::string_view reason;
    std::string_view code;
    std::string_view sentence;  // {0} the container's image, {1} what the kubelet says.
};
constexpr auto rows = std::to_array<Row>({
    {"ErrImagePull", "image_unavailable", "the image {0} cannot be pulled: {1}"},
    {"ImagePullBackOff", "image_unavailable", "the image {0} cannot be pulled: {1}"},
    {"ErrImageNeverPull", "image_unavailable", "the image {0} is not on the node, and may not be pulled: {1}"},
    {"InvalidImageName", "image_invalid",
     "'{0}' is no image name: mend the source of the game's definition, or the prefix of images in the configuration"},
    {"CreateContainerConfigError", "pod_incomplete", "the pod lacks something of its own: {1}"},
    {"CreateContainerError", "container_failed", "the container cannot be made: {1}"},
    {"RunContainerError", "container_failed", "the container cannot be run (is gk-shim in the image at /gk/bin/gk-shim?): {1}"},
    {"CrashLoopBackOff", "shim_ends", "gk-shim ends again and again in the pod: {1}"},
});

std::optional<Problem> waiting_problem(const Value& pod, std::string_view statuses) {
    for (const auto& status : list_at(pod, {"status", statuses})) {
        const auto reason = text_at(status, {"state", "waiting", "reason"});
        const auto row = std::ranges::find(rows, reason, &Row::reason);
        if (row == rows.end()) continue;
        const auto image = text_at(status, {"image"});
        const auto said = text_at(status, {"state", "waiting", "message"});
        return Problem{std::string(row->code), fmt::format(fmt::runtime(row->sentence), image, said.empty() ? reason : said)};
    }
    return std::nullopt;
}

std::optional<Problem> problem_of(const Value& pod, const PodView& view) {
    if (view.node_state == NodeState::unreachable) return unreachable_problem(view.node);
    const auto* scheduled = condition(pod, "PodScheduled");
    if (view.node.empty() && scheduled != nullptr && text_at(*scheduled, {"reason"}) == "Unschedulable")
        return Problem{"unschedulable", fmt::format("no node takes the pod: {}", text_at(*scheduled, {"message"}))};
    if (auto problem = waiting_problem(pod, "initContainerStatuses")) return problem;
    return waiting_problem(pod, "containerStatuses");
}

// Why a pod is over that nobody of us has ended: its node is dead, or its kubelet threw it out (for want of memory or disk, or to shut down).
std::optional<Problem> end_of(const Value& pod, const PodView& view) {
    if (view.node_state == NodeState::dead) return dead_problem(view.node);
    const auto reason = text_at(pod, {"status", "reason"});
    if (reason.empty()) return std::nullopt;
    return Problem{"pod_evicted", fmt::format("node {} has ended the pod: {} ({})", view.node, text_at(pod, {"status", "message"}), reason)};
}

bool game_runs(const Value& pod) {
    const auto& statuses = list_at(pod, {"status", "containerStatuses"});
    return !statuses.empty() && std::ranges::all_of(statuses, [](const Value& it) { return find_at(it, {"state", "running"}) != nullptr; });
}

}  // namespace

PodView pod_view(const Value& pod, NodeState on) {
    const auto phase = text_at(pod, {"status", "phase"});
    PodView out;
    out.object_uid = wire::kubernetes::uid_of(pod);
    out.node = text_at(pod, {"spec", "nodeName"});
    out.address = text_at(pod, {"status", "podIP"});
    out.template_mark = text_at(pod, {"metadata", "annotations", template_annotation});
    out.is_leaving = !text_at(pod, {"metadata", "deletionTimestamp"}).empty();
    out.node_state = out.node.empty() ? NodeState::up : on;
    out.is_over = phase == "Succeeded" || phase == "Failed" || out.node_state == NodeState::dead;
    out.is_running = !out.is_over && phase == "Running" && !out.address.empty() && game_runs(pod);
    out.problem = out.is_over ? end_of(pod, out) : problem_of(pod, out);
    return out;
}

std::optional<Problem> eviction_of(const Value& pod) {
    const auto* taken = condition(pod, "DisruptionTarget");
    if (taken == nullptr || text_at(*taken, {"status"}) != "True") return std::nullopt;
    const auto why = fmt::format("the cluster takes the pod away: {} ({})", text_at(*taken, {"message"}), text_at(*taken, {"reason"}));
    return Problem{"pod_evicted", why};
}

Seen in_the_dark(std::string_view node) {
    Seen seen;
    seen.process = Seen::Process::unknown;
    seen.obstacle = unreachable_problem(node);
    return seen;
}

RuntimeError refused_pod(const server::LaunchSpec& launch, const std::string& said) {
    if (said.find("exceeded quota") != std::string::npos) return {RuntimeError::Kind::exhausted, fmt::format("the namespace has no room: {}", said)};
    const bool is_on_node = server::kind_of(launch.exposure) == server::Exposure::Kind::host_port;
    if (is_on_node && said.find("PodSecurity") != std::string::npos) {
        return {
            RuntimeError::Kind::invalid,
            fmt::format("exposure hostPort needs a namespace that allows ports of nodes, and this one refuses them: {}; choose nodePort, or label "
                        "the namespace pod-security.kubernetes.io/enforce=privileged",
                        said)};
    }
    return {RuntimeError::Kind::invalid, fmt::format("the cluster refuses the pod: {}", said)};
}

RuntimeError error_of(const Problem& problem) {
    using Kind = RuntimeError::Kind;
    return {.kind = problem.code == "image_invalid" ? Kind::invalid : Kind::unavailable, .detail = problem.detail};
}

}  // namespace gk::kubernetes
