#include "adapters/kubernetes/runtime/cluster_nodes.hpp"

#include <set>
#include <utility>

#include "adapters/kubernetes/runtime/world_pods.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::text_at;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }

Node::State shown(NodeState state) {
    static_assert(node_state_names.size() == node_names.size());
    return static_cast<Node::State>(state);
}

}  // namespace

ClusterNodes::Answer<std::vector<Node>> ClusterNodes::list() {
    if (!view_.has_synced()) co_return fail(RuntimeError::Kind::unavailable, "the cluster's objects have not been read yet");
    const auto servers = view_.servers_by_node();
    std::vector<Node> out;
    for (const auto& [key, document] : view_.nodes().store().all()) {
        Node node{.name = key.name,
                  .state = shown(node_state(document.get())),
                  .is_cordoned = is_cordoned(*document),
                  .address = node_address(*document),
                  .confirmed_dead = {},
                  .servers = {}};
        if (node.state == Node::State::dead) node.confirmed_dead = text_at(*document, {"metadata", "annotations", confirmed_dead_annotation});
        if (const auto at = servers.find(key.name); at != servers.end()) node.servers.assign(at->second.begin(), at->second.end());
        out.push_back(std::move(node));
    }
    co_return out;
}

// On top of the version in which it was silent: a node that has come back meanwhile is not given up.
ClusterNodes::Answer<Success> ClusterNodes::confirm_dead(std::string name, std::string note) {
    const ObjectKey key{.space = "", .name = std::move(name)};
    const auto node = co_await client_.get(resources::nodes, key);
    if (!node && node.error().kind == Failure::Kind::not_found) co_return fail(RuntimeError::Kind::not_found, "there is no such node");
    if (!node) co_return std::unexpected(error_of(node.error()));
    if (node_state(&*node) == NodeState::dead) co_return Success{};
    if (node_state(&*node) == NodeState::up) co_return fail(RuntimeError::Kind::invalid, "the node answers");
    auto patch = confirm_dead_patch(*node, note);
    const auto patched = co_await client_.merge(resources::nodes, key, std::move(patch));
    if (!patched && patched.error().kind == Failure::Kind::conflict)
        co_return fail(RuntimeError::Kind::unavailable, "the node has changed at this very moment; look at it again");
    if (!patched) co_return std::unexpected(error_of(patched.error()));
    co_return Success{};
}

}  // namespace gk::kubernetes
