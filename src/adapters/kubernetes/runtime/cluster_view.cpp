#include "adapters/kubernetes/runtime/cluster_view.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/objects/pod.hpp"
#include "async/deadline.hpp"
#include "async/task_group.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;
using Change = wire::kubernetes::Store::Change;

Selection ours(const std::string& space) {
    return {.space = space, .labels = fmt::format("{}={},{}", manager_label, manager, server_label), .fields = {}};
}

}  // namespace

std::optional<ServerUid> server_of(const Value& object) { return ServerUid::parse(text_at(object, {"metadata", "labels", server_label})); }

ClusterView::ClusterView(Client client, Random& random, const std::string& space, Changed changed)
    : clock_(client.clock()),
      client_(client),
      changed_(std::move(changed)),
      pods_(client, random, resources::pods, ours(space), [this](const Change& it) { saw_pod(it); }),
      sets_(client, random, resources::stateful_sets, ours(space), [this](const Change& it) { saw(it); }),
      claims_(client, random, resources::claims, ours(space), [this](const Change& it) { saw(it); }),
      nodes_(client, random, resources::nodes, {}, [this](const Change& it) { saw_node(it); }),
      volumes_(client, random, resources::volumes, {}, [this](const Change& it) { saw_volume(it); }) {}

Task<void> ClusterView::run() {
    async::TaskGroup informers(co_await boost::asio::this_coro::executor);
    for (auto* informer : {&pods_, &sets_, &claims_, &nodes_}) informers.spawn("informer", informer->run());
    auto last = volumes_.run();
    co_await async::run_with(informers, std::move(last));
}

bool ClusterView::has_synced() const {
    const auto all = {&pods_, &sets_, &claims_, &nodes_, &volumes_};
    return std::ranges::all_of(all, [](const Informer* it) { return it->store().has_synced(); });
}

Task<void> ClusterView::synced() {
    co_await pods_.synced();
    co_await sets_.synced();
    co_await claims_.synced();
    co_await nodes_.synced();
    co_await volumes_.synced();
}

Task<void> ClusterView::catch_up() {
    for (auto* copy : {&pods_, &sets_, &claims_, &nodes_, &volumes_}) co_await copy->catch_up();
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

// A pod's object that goes from a silent node was taken away by somebody who cannot know that nothing runs there.
void ClusterView::saw_pod(const Change& change) {
    // Another pod of its name may be the first that shows it.
    const bool is_over = change.before && (!change.after || uid_of(*change.before) != uid_of(*change.after));
    const auto uid = is_over ? server_of(*change.before) : std::nullopt;
    if (uid && text_at(*change.before, {"metadata", "labels", component_label}) == game_component) {
        const std::string node(text_at(*change.before, {"spec", "nodeName"}));
        if (!node.empty() && state_of(node) == NodeState::unreachable) left_behind_.insert_or_assign(*uid, node);
    }
    saw(change);
}

// Kubelets say all the time that they are there; of interest is only who falls silent, is dead or is to be emptied.
void ClusterView::saw_node(const Change& change) {
    const auto state_in = [](const ObjectPtr& node) { return std::pair(node_state(node.get()), node != nullptr && kubernetes::is_cordoned(*node)); };
    if (change.before != nullptr && state_in(change.before) == state_in(change.after)) return;
    proven_dead_.erase(change.key.name);
    waiting_.wake_all();
    node_changed_(change.key.name);
    const auto concerned = servers_by_node();
    if (const auto at = concerned.find(change.key.name); at != concerned.end()) std::ranges::for_each(at->second, changed_);
    for (const auto& [uid, node] : left_behind_) {
        if (node == change.key.name) changed_(uid);
    }
    // A node that answers again has seen that those pods are gone.
    if (node_state(change.after.get()) == NodeState::up) std::erase_if(left_behind_, [&](const auto& it) { return it.second == change.key.name; });
}

// What it says never changes; only that it is there, or no more, may have been waited for.
void ClusterView::saw_volume(const Change& change) {
    if (change.before == nullptr || change.after == nullptr) waiting_.wake_all();
}

NodeState ClusterView::state_of(const std::string& node) const {
    const auto object = nodes_.store().find({"", node});
    const auto seen = node_state(object.get());
    return seen == NodeState::dead && !proven_dead_.contains(node) ? NodeState::unreachable : seen;
}

Task<void> ClusterView::prove_death(std::string node) {
    const auto known = nodes_.store().find({"", node});
    if (node.empty() || node_state(known.get()) != NodeState::dead) co_return;
    ObjectKey key{.space = "", .name = node};
    const auto there = co_await client_.get(resources::nodes, std::move(key));
    const bool is_gone = !there && there.error().kind == Failure::Kind::not_found;
    const bool is_dead = is_gone || (there && node_state(&*there) == NodeState::dead);
    // What could not be asked stays as it was known.
    if (is_dead) proven_dead_.insert(node);
    else if (there) proven_dead_.erase(node);
}

bool ClusterView::is_cordoned(const std::string& node) const {
    const auto object = nodes_.store().find({"", node});
    return object != nullptr && kubernetes::is_cordoned(*object);
}

std::string ClusterView::node_of(const std::string& volume) const {
    const auto object = volume.empty() ? nullptr : volumes_.store().find({"", volume});
    return object != nullptr ? node_of_volume(*object).value_or("") : std::string();
}

std::string ClusterView::left_behind_on(ServerUid uid) const {
    const auto at = left_behind_.find(uid);
    return at != left_behind_.end() && state_of(at->second) == NodeState::unreachable ? at->second : std::string();
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

std::map<std::string, std::set<ServerUid>> ClusterView::servers_by_node() const {
    std::map<std::string, std::set<ServerUid>> out;
    const auto note = [&out](std::optional<ServerUid> uid, std::string node) {
        if (uid && !node.empty()) out[std::move(node)].insert(*uid);
    };
    for (const auto& [key, pod] : pods_.store().all()) note(server_of(*pod), std::string(text_at(*pod, {"spec", "nodeName"})));
    for (const auto& [key, claim] : claims_.store().all()) note(server_of(*claim), node_of(std::string(text_at(*claim, {"spec", "volumeName"}))));
    return out;
}

std::optional<ServerUid> ClusterView::server_at(const ObjectKey& server) const {
    const auto object = pods_.store().find({server.space, pod_name(server.name)});
    return object != nullptr ? server_of(*object) : std::nullopt;
}

std::optional<PodView> ClusterView::pod(ServerUid uid, const ObjectKey& server) const {
    const auto object = pods_.store().find({server.space, pod_name(server.name)});
    if (object == nullptr || server_of(*object) != uid) return std::nullopt;
    return pod_view(*object, state_of(std::string(text_at(*object, {"spec", "nodeName"}))));
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
