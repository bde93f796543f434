#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "adapters/kubernetes/objects/node_view.hpp"
#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "ports/runtime.hpp"

// What a pod says, read once. Pure.
namespace gk::kubernetes {

struct PodView {
    std::string object_uid;
    std::string node;  // Empty: not given to one yet.
    std::string address;  // Empty: none yet.
    std::string template_mark;
    bool is_running = false;  // Its container runs: the shim can be asked.
    bool is_leaving = false;  // Deleted; what runs in it is being ended.
    // Ended for good, as the kubelet says or because its node is dead: nothing of it runs.
    bool is_over = false;
    NodeState node_state = NodeState::up;
    // Why it does not run, or was ended by somebody else: a stable code and a sentence with cause and cure. Absent while there is nothing wrong.
    std::optional<Problem> problem;
};
// `on` is the state of its node.
PodView pod_view(const Value& pod, NodeState on);
// Why the cluster takes that pod away: a drain, a node without memory or one given up, a more important pod. Absent: it does not.
std::optional<Problem> eviction_of(const Value& pod);
// What is seen of a game whose node is silent.
Seen in_the_dark(std::string_view node);
// Why a pod may not be made at all, in the words of whoever refused it: Pod Security, a quota, a webhook.
RuntimeError refused_pod(const server::LaunchSpec& launch, const std::string& said);
// How a problem is told to the keeper: what a person must change is `invalid`, all else may pass.
RuntimeError error_of(const Problem& problem);

}  // namespace gk::kubernetes
