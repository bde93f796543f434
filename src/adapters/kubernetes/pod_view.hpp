#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/value.hpp"
#include "domain/operation/operation.hpp"
#include "ports/runtime.hpp"

// What a pod and its node say, read once. Pure.
namespace gk::kubernetes {

// Whether a node's silence is known to be death (contract section 9). Only then may what ran there run elsewhere: a node that is merely cut off still
// writes its disks.
//   dead: the Node was deleted, bears the taint node.kubernetes.io/out-of-service, or a person has confirmed it.
enum class NodeState : std::uint8_t { up, unreachable, dead };
inline constexpr auto node_state_names = std::to_array<std::string_view>({"up", "unreachable", "dead"});
constexpr std::span<const std::string_view> names_of(NodeState) { return node_state_names; }

// `gamekeeper node confirm-dead NAME` sets it on the Node.
inline constexpr std::string_view confirmed_dead_annotation = "gamekeeper.dev/confirmed-dead";

// Null: there is no such Node.
NodeState node_state(const Value* node);

// The address of a Node for people: ExternalIP, ExternalDNS or InternalIP, the first that it has; empty: none.
std::string node_address(const Value& node);

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
    // Why it does not run: a stable code and a sentence with cause and cure. Absent while there is nothing wrong.
    std::optional<Problem> problem;
};
PodView pod_view(const Value& pod, const Value* node);
// How a problem is told to the keeper: what a person must change is `invalid`, what lacks room `exhausted`, all else may pass.
RuntimeError error_of(const Problem& problem);

}  // namespace gk::kubernetes
