#include "adapters/kubernetes/cluster_view.hpp"

#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/names.hpp"
#include "adapters/kubernetes/pod.hpp"
#include "async/deadline.hpp"
#include "async/task_group.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::text_at;
using Change = wire::kubernetes::Store::Change;

Selection ours(const std::string& space) {
    return {.space = space, .labels = fmt::format("{}={},{}", manager_label, manager, server_label), .fields = {}};
}
Selection games(const std::string& space) {
    auto selection = ours(space);
    selection.labels += fmt::format(",{}={}", component_label, game_component);
    return selection;
}

}  // namespace

std::optional<ServerUid> server_of(const Value& object) { return ServerUid::parse(text_at(object, {"metadata", "labels", server_label})); }

ClusterView::ClusterView(Client client, Random& random, const std::string& space, Changed changed)
    : clock_(client.clock()),
      changed_(std::move(changed)),
      pods_(client, random, resources::pods, games(space), [this](const Change& it) { saw(it); }),
      sets_(client, random, resources::stateful_sets, ours(space), [this](const Change& it) { saw(it); }),
      claims_(client, random, resources::claims, ours(space), [this](const Change& it) { saw(it); }),
      nodes_(client, random, resources::nodes, {}, [this](const Change& it) { saw_node(it); }) {}

Task<void> ClusterView::run() {
    async::TaskGroup informers(co_await boost::asio::this_coro::executor);
    for (auto* informer : {&pods_, &sets_, &claims_}) informers.spawn("informer", informer->run());
    auto last = nodes_.run();
    co_await async::run_with(informers, std::move(last));
}

bool ClusterView::has_synced() const {
    return pods_.store().has_synced() && sets_.store().has_synced() && claims_.store().has_synced() && nodes_.store().has_synced();
}

Task<void> ClusterView::synced() {
    co_await pods_.synced();
    co_await sets_.synced();
    co_await claims_.synced();
    co_await nodes_.synced();
}

Task<void> ClusterView::change_by(Time deadline) {
    auto waiting = waiting_.wait();
    std::ignore = co_await async::finishes_by(clock_, deadline, std::move(waiting));
}

void ClusterView::saw(const Change& change) {
    const auto& object = change.after != nullptr ? *change.after : *change.before;
    const auto uid = server_of(object);
    if (!uid) return;
    const auto id = text_at(object, {"metadata", "labels", name_label});
    if (change.after != nullptr && !id.empty()) places_.insert_or_assign(*uid, ObjectKey{change.key.space, std::string(id)});
    waiting_.wake_all();
    changed_(*uid);
}

// Kubelets say all the time that they are there; of interest is only who falls silent, and who is dead.
void ClusterView::saw_node(const Change& change) {
    if (change.before != nullptr && node_state(change.before.get()) == node_state(change.after.get())) return;
    waiting_.wake_all();
    for (const auto& [key, pod] : pods_.store().all()) {
        const auto uid = server_of(*pod);
        if (uid && text_at(*pod, {"spec", "nodeName"}) == change.key.name) changed_(*uid);
    }
}

std::optional<ObjectKey> ClusterView::place_of(ServerUid uid) const {
    const auto at = places_.find(uid);
    return at == places_.end() ? std::nullopt : std::optional(at->second);
}

std::vector<ServerUid> ClusterView::servers() const {
    std::set<ServerUid> all;
    for (const auto* store : {&sets_.store(), &claims_.store()}) {
        for (const auto& [key, object] : store->all()) {
            if (const auto uid = server_of(*object)) all.insert(*uid);
        }
    }
    return {all.begin(), all.end()};
}

std::optional<ServerUid> ClusterView::server_at(const ObjectKey& server) const {
    const auto object = pods_.store().find({server.space, pod_name(server.name)});
    return object != nullptr ? server_of(*object) : std::nullopt;
}

std::optional<PodView> ClusterView::pod(ServerUid uid, const ObjectKey& server) const {
    const auto object = pods_.store().find({server.space, pod_name(server.name)});
    if (object == nullptr || server_of(*object) != uid) return std::nullopt;
    const auto node = nodes_.store().find({"", std::string(text_at(*object, {"spec", "nodeName"}))});
    return pod_view(*object, node.get());
}

std::string ClusterView::address_of(const std::string& node) const {
    const auto object = nodes_.store().find({"", node});
    return object != nullptr ? node_address(*object) : std::string();
}

ObjectPtr ClusterView::stateful_set(ServerUid uid, const ObjectKey& server) const {
    auto object = sets_.store().find({server.space, object_name(server.name)});
    return object != nullptr && server_of(*object) == uid ? object : nullptr;
}

bool ClusterView::is_fresh(ServerUid uid, const ObjectKey& server) {
    const ObjectKey set{server.space, object_name(server.name)};
    const ObjectKey pod{server.space, pod_name(server.name)};
    if (!sets_.freshness().is_fresh(set) || !pods_.freshness().is_fresh(pod)) return false;
    // A claim that we have just made is not among those that the copy shows: its number is the next one.
    const auto known = claims(uid, server);
    if (!claims_.freshness().is_fresh({server.space, claim_name(server.name, next_number(known))})) return false;
    for (const auto& it : known) {
        if (!claims_.freshness().is_fresh({server.space, it.name})) return false;
    }
    return true;
}

}  // namespace gk::kubernetes
