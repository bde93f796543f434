#include "adapters/kubernetes/objects/node_view.hpp"

#include <fmt/format.h>

#include "wire/kubernetes/object.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::list_at;
using wire::kubernetes::text_at;

bool is_silent(const Value& node) {
    for (const auto& it : list_at(node, {"status", "conditions"})) {
        // "Unknown" is what the control plane writes when the kubelet has fallen silent; "False" is said by a kubelet that is there.
        if (text_at(it, {"type"}) == "Ready") return text_at(it, {"status"}) == "Unknown";
    }
    return false;
}

bool has_taint(const Value& node, std::string_view key) {
    for (const auto& taint : list_at(node, {"spec", "taints"})) {
        if (text_at(taint, {"key"}) == key) return true;
    }
    return false;
}

// The single node that a term of a selector allows; empty: none that is known.
std::string only_node(const Value& term) {
    for (const auto& [list, key] : {std::pair{"matchExpressions", "kubernetes.io/hostname"}, std::pair{"matchFields", "metadata.name"}}) {
        for (const auto& rule : list_at(term, {list})) {
            const auto& names = list_at(rule, {"values"});
            const bool is_one = text_at(rule, {"key"}) == key && text_at(rule, {"operator"}) == "In" && names.size() == 1;
            if (is_one && names.front().as_string() != nullptr) return *names.front().as_string();
        }
    }
    return {};
}

}  // namespace

NodeState node_state(const Value* node) {
    if (node == nullptr || has_taint(*node, out_of_service)) return NodeState::dead;
    return is_silent(*node) ? NodeState::unreachable : NodeState::up;
}

bool is_cordoned(const Value& node) {
    const auto* found = find_at(node, {"spec", "unschedulable"});
    return found != nullptr && *found == Value(true);
}

std::string node_address(const Value& node) {
    for (const std::string_view kind : {"ExternalIP", "ExternalDNS", "InternalIP"}) {
        for (const auto& it : list_at(node, {"status", "addresses"})) {
            if (text_at(it, {"type"}) == kind) return std::string(text_at(it, {"address"}));
        }
    }
    return {};
}

Value confirm_dead_patch(const Value& node, std::string_view note) {
    Value::Array taints = list_at(node, {"spec", "taints"});
    if (!has_taint(node, out_of_service))
        taints.push_back(Value::object({{"key", out_of_service}, {"value", "confirmed-dead"}, {"effect", "NoExecute"}}));
    auto metadata = Value::object({{"resourceVersion", text_at(node, {"metadata", "resourceVersion"})},
                                   {"annotations", Value::object({{std::string(confirmed_dead_annotation), note}})}});
    return Value::object({{"metadata", std::move(metadata)}, {"spec", Value::object({{"taints", Value(std::move(taints))}})}});
}

std::optional<std::string> node_of_volume(const Value& volume) {
    std::string only;
    for (const auto& term : list_at(volume, {"spec", "nodeAffinity", "required", "nodeSelectorTerms"})) {
        const auto node = only_node(term);
        if (node.empty() || (!only.empty() && only != node)) return std::nullopt;
        only = node;
    }
    if (only.empty()) return std::nullopt;
    return only;
}

Problem unreachable_problem(std::string_view node) {
    return {"node_unreachable",
            fmt::format("node {0} does not answer, and a game may still write its world there; nothing is started elsewhere until it is back, "
                        "or somebody says that it is dead: gamekeeper node confirm-dead {0}",
                        node)};
}

Problem dead_problem(std::string_view node) {
    return {"node_dead", fmt::format("node {} is dead: it was deleted, or somebody has said so (taint {})", node, out_of_service)};
}

Problem cordoned_problem(std::string_view node) {
    return {"node_cordoned", fmt::format("node {} is to be emptied (cordoned): the world is saved and goes on elsewhere", node)};
}

}  // namespace gk::kubernetes
