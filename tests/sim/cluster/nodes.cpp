#include "tests/sim/cluster/nodes.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

#include "adapters/kubernetes/objects/game_server.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "domain/server/counted_version.hpp"
#include "tests/sim/cluster/shim_end.hpp"
#include "wire/kubernetes/base64.hpp"

// The controllers and the kubelets.
namespace gk::sim {

using namespace std::chrono_literals;
using kubernetes::server_of;
using wire::kubernetes::find_at;
using wire::kubernetes::key_of;
using wire::kubernetes::text_at;
using wire::kubernetes::uid_of;

namespace {

constexpr std::string_view claim_protection = "kubernetes.io/pvc-protection";
constexpr auto node_names = std::to_array<std::string_view>({"node-1", "node-2"});

std::int64_t number_at(const Value& object, std::initializer_list<std::string_view> path, std::int64_t otherwise) {
    const auto* found = find_at(object, path);
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : otherwise;
}
bool is_ending(const Value& object) { return find_at(object, {"metadata", "deletionTimestamp"}) != nullptr; }
bool is_live(const Value& claim) { return text_at(claim, {"metadata", "labels", kubernetes::world_label}) == "live"; }

Value& at(Value& object, std::string_view name) {
    if (const auto* found = object.find(name)) return const_cast<Value&>(*found);
    return object.set(name, Value::object());
}

std::string claim_of(const Value& pod) {
    const auto* volumes = find_at(pod, {"spec", "volumes"});
    if (volumes == nullptr || volumes->as_array() == nullptr) return {};
    for (const auto& volume : *volumes->as_array()) {
        if (auto name = text_at(volume, {"persistentVolumeClaim", "claimName"}); !name.empty()) return std::string(name);
    }
    return {};
}

Value node_document(std::string_view name, bool is_reachable, bool tells_address) {
    auto ready = Value::object({{"type", "Ready"}, {"status", is_reachable ? "True" : "Unknown"}});
    Value::Array addresses;
    if (tells_address) addresses.push_back(Value::object({{"type", "InternalIP"}, {"address", "192.0.2.1"}}));
    return Value::object({{"apiVersion", "v1"},
                          {"kind", "Node"},
                          {"metadata", Value::object({{"name", name}})},
                          {"spec", Value::object()},
                          {"status", Value::object({{"conditions", Value::array({std::move(ready)})}, {"addresses", std::move(addresses)}})}});
}

}  // namespace

Nodes::Nodes(Ground& ground, Api& api, std::uint64_t seed) : ground_(ground), api_(api), dice_(seed, 7) {
    api_.admit = [this](const std::string& plural, const Value& object) { return admit(plural, object); };
    api_.changed = [this](const std::string& plural, const ObjectPtr& before, const ObjectPtr& after) { saw(plural, before, after); };
    news = [](const std::string&) {};
    for (const auto name : node_names) api_.put("nodes", node_document(name, true, true));
}
Nodes::~Nodes() = default;

void Nodes::after(Milliseconds least, Milliseconds most, Step step) { later_.emplace(ground_.now + dice_.between(least, most), std::move(step)); }

void Nodes::settle() {
    while (!later_.empty() && later_.begin()->first <= ground_.now) {
        const auto step = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        step();
        ground_.check();
    }
    for (auto& [uid, pod] : pods_) tell(pod);
}

std::optional<Time> Nodes::next_event() const { return later_.empty() ? std::nullopt : std::optional(later_.begin()->first); }

bool Nodes::is_one_of(const Until& nodes, const std::string& node) const {
    const auto found = nodes.find(node);
    return found != nodes.end() && ground_.now < found->second;
}

bool Nodes::is_cut_off(const std::string& node) const { return is_one_of(cut_off_, node); }

std::optional<Api::Refusal> Nodes::admit(const std::string& plural, const Value& object) {
    if (plural == "services") return admit_service(object);
    if (plural != "persistentvolumeclaims") return std::nullopt;
    const auto uid = server_of(object);
    const auto made = is_live(object) ? ground_.create_disk(*uid) : ground_.stage_disk(*uid);
    if (made) return std::nullopt;
    return Api::Refusal{.code = 403, .reason = "Forbidden", .message = "exceeded quota: " + made.error().detail};
}

std::optional<Api::Refusal> Nodes::admit_service(const Value& service) {
    if (api_.plant == ClusterPlant::ports_given_twice) return std::nullopt;
    const auto taken = [&](std::int64_t number, std::string_view protocol) {
        return std::ranges::any_of(api_.table("services").objects, [&](const auto& it) {
            const auto* ports = find_at(*it.second, {"spec", "ports"});
            return std::ranges::any_of(*ports->as_array(), [&](const Value& port) {
                return number_at(port, {"nodePort"}, 0) == number && text_at(port, {"protocol"}) == protocol;
            });
        });
    };
    for (const auto& port : *find_at(service, {"spec", "ports"})->as_array()) {
        const auto number = number_at(port, {"nodePort"}, 0);
        if (number != 0 && taken(number, text_at(port, {"protocol"})))
            return Api::Refusal{
                .code = 422, .reason = "Invalid", .message = fmt::format("Invalid value: {}: provided port is already allocated", number)};
    }
    return std::nullopt;
}

void Nodes::saw(const std::string& plural, const ObjectPtr& before, const ObjectPtr& after) {
    const auto key = key_of(after ? *after : *before);
    ground_.note(fmt::format("{} {} {}", plural, key.name,
                             !before  ? "made"
                             : !after ? "gone"
                                      : "changed"),
                 server_of(after ? *after : *before).value_or(ServerUid()), api_.version());
    if (plural == "gameservers") mirror(before, after);
    if (plural == "statefulsets") saw_set(before, after);
    if (plural == "pods") saw_pod(before, after);
    if (plural == "persistentvolumeclaims") saw_claim(before, after);
    if (plural == "services" && !before) check_node_ports();
    if (plural == "services" && !after) {
        if (const auto uid = server_of(*before)) ground_.release_ports(*uid);
    }
    news(plural);
}

// I8: a number leads to one Service.
void Nodes::check_node_ports() {
    std::set<std::pair<std::int64_t, std::string_view>> given;
    for (const auto& [key, service] : api_.table("services").objects) {
        for (const auto& port : *find_at(*service, {"spec", "ports"})->as_array()) {
            const auto number = number_at(port, {"nodePort"}, 0);
            if (number != 0 && !given.emplace(number, text_at(port, {"protocol"})).second) ground_.breach("I8: a port was given to two Services");
        }
    }
}

// The rules read records where they always do.
void Nodes::mirror(const ObjectPtr& before, const ObjectPtr& after) {
    auto& servers = ground_.state->servers;
    std::optional<server::Record> held;
    if (after) {
        auto record = kubernetes::record_of(*after);
        if (!record) return ground_.breach("a record cannot be read: " + record.error());
        held = std::move(*record);
    }
    // Whose it is says its label, which is there before its record.
    const auto was = before ? server_of(*before) : std::nullopt;
    if (was && (!held || held->uid != *was)) servers.erase(*was);
    if (held) servers.insert_or_assign(held->uid, *held);
    if (!after) this->after(50ms, 2s, [this] { collect_garbage(); });
}

void Nodes::saw_set(const ObjectPtr& before, const ObjectPtr& after) {
    const auto key = key_of(after ? *after : *before);
    const bool scaled_down =
        !after || (number_at(*after, {"spec", "replicas"}, 1) == 0 && before && number_at(*before, {"spec", "replicas"}, 1) != 0);
    const auto uid = server_of(after ? *after : *before);
    // Its pod will go: that is a stop of the game in it, from here on.
    if (scaled_down && by_us_ && uid) std::ignore = ground_.stop(*uid);
    if (after && before && find_at(*before, {"spec"}) != nullptr && *find_at(*before, {"spec"}) == *find_at(*after, {"spec"})) return;
    this->after(5ms, 400ms, [this, key] { control_set(key); });
}

void Nodes::control_set(const ObjectKey& key) {
    const auto set = api_.find("statefulsets", key);
    const ObjectKey pod_key{key.space, key.name + "-0"};
    const auto pod = api_.find("pods", pod_key);
    const auto replicas = set ? number_at(*set, {"spec", "replicas"}, 1) : 0;
    if (replicas == 0 && pod && !is_ending(*pod)) api_.remove("pods", pod_key);
    if (replicas == 1 && !pod) make_pod(*set);
    if (!set) return;
    const auto generation = number_at(*set, {"metadata", "generation"}, 0);
    const std::int64_t there = api_.find("pods", pod_key) != nullptr ? 1 : 0;
    api_.edit("statefulsets", key, [&](Value& next) {
        at(next, "status").set("observedGeneration", generation);
        at(next, "status").set("replicas", there);
    });
}

void Nodes::make_pod(const Value& set) {
    const auto key = key_of(set);
    auto pod = *find_at(set, {"spec", "template"});
    auto& metadata = at(pod, "metadata");
    metadata.set("name", key.name + "-0");
    metadata.set("namespace", key.space);
    pod.set("apiVersion", "v1");
    pod.set("kind", "Pod");
    pod.set("status", Value::object({{"phase", "Pending"}}));
    api_.put("pods", std::move(pod));
}

void Nodes::saw_pod(const ObjectPtr& before, const ObjectPtr& after) {
    const auto key = key_of(after ? *after : *before);
    const std::string uid(uid_of(after ? *after : *before));
    if (!before) this->after(100ms, 1500ms, [this, key, uid] { place(key, uid); });
    const bool ends = !after || (is_ending(*after) && before && !is_ending(*before));
    if (!ends) return;
    const auto server = server_of(after ? *after : *before);
    const auto pod = pods_.find(uid);
    if (by_us_ && server && pod != pods_.end() && pod->second.has_run) std::ignore = ground_.stop(*server);
    this->after(50ms, 800ms, [this, uid, key] {
        terminate(uid);
        control_set({key.space, key.name.substr(0, key.name.size() - 2)});
    });
}

// Scheduler: a node that answers, once the claim is there and no other pod holds it.
void Nodes::place(const ObjectKey& key, const std::string& uid) {
    const auto pod = api_.find("pods", key);
    if (!pod || uid_of(*pod) != uid || is_ending(*pod)) return;
    const ObjectKey claim_key{key.space, claim_of(*pod)};
    const auto claim = api_.find("persistentvolumeclaims", claim_key);
    const auto holds = [&](const auto& it) { return it.second.claim == claim_key.name && it.second.key.space == key.space; };
    const std::string node(node_names[dice_.below(node_names.size())]);
    const bool is_free = claim && !is_ending(*claim) && std::ranges::none_of(pods_, holds);
    if (!is_free || is_cut_off(node)) return after(1s, 2s, [this, key, uid] { place(key, uid); });
    api_.edit("persistentvolumeclaims", claim_key, [](Value& next) {
        if (text_at(next, {"status", "phase"}) != "Lost") at(next, "status").set("phase", "Bound");
    });
    api_.edit("pods", key, [&](Value& next) { at(next, "spec").set("nodeName", node); });
    SimPod made{.uid = uid, .key = key, .server = *server_of(*pod), .claim = claim_key.name, .node = node};
    pods_.emplace(uid, std::move(made));
    after(300ms, 2500ms, [this, key, uid] { run(key, uid); });
}

void Nodes::run(const ObjectKey& key, const std::string& uid) {
    const auto pod = pods_.find(uid);
    if (pod == pods_.end() || pod->second.is_ending) return;
    const auto secret = api_.find("secrets", {key.space, key.name.substr(0, key.name.size() - 2)});
    if (!secret || is_cut_off(pod->second.node)) return after(1s, 2s, [this, key, uid] { run(key, uid); });
    const auto bytes = wire::kubernetes::decode_base64(text_at(*secret, {"data", "shim"})).value_or("");
    std::memcpy(pod->second.secret.data(), bytes.data(), std::min(bytes.size(), pod->second.secret.size()));
    const auto number = ++addresses_;
    pod->second.address = fmt::format("10.1.{}.{}", number / 250, 1 + number % 250);
    pod->second.is_up = true;
    show_running(pod->second, true);
}

void Nodes::show_running(const SimPod& pod, bool is_running) {
    const auto now = api_.find("pods", pod.key);
    if (!now || uid_of(*now) != pod.uid) return;
    api_.edit("pods", pod.key, [&](Value& next) {
        auto state = is_running ? Value::object({{"running", Value::object()}}) : Value::object({{"waiting", Value::object()}});
        auto& status = at(next, "status");
        status.set("phase", "Running");
        status.set("podIP", pod.address);
        status.set("containerStatuses", Value::array({Value::object({{"name", "game"}, {"state", std::move(state)}})}));
    });
}

// The kubelet has heard that the pod is to end: the shim ends its game first.
void Nodes::terminate(const std::string& uid) {
    const auto found = pods_.find(uid);
    if (found == pods_.end()) {
        for (const auto& [key, pod] : api_.table("pods").objects) {
            if (uid_of(*pod) == uid && is_ending(*pod)) return api_.drop("pods", key);
        }
        return;
    }
    auto& pod = found->second;
    if (is_cut_off(pod.node)) return after(1s, 2s, [this, uid] { terminate(uid); });
    pod.is_ending = true;
    const auto cell = ground_.cells.find(pod.server);
    if (pod.has_run && cell != ground_.cells.end() && cell->second.alive()) {
        ground_.end_by_node(pod.server);
        return after(200ms, 1s, [this, uid] { terminate(uid); });
    }
    ended(uid);
}

void Nodes::ended(const std::string& uid) {
    auto pod = std::move(pods_.at(uid));
    pods_.erase(uid);
    for (const auto& end : pod.ends) {
        if (const auto open = end.lock()) open->close();
    }
    // How the game ended was known to this pod alone.
    if (pod.has_run) ground_.forget_run(pod.server);
    const auto object = api_.find("pods", pod.key);
    if (object && uid_of(*object) == uid) api_.drop("pods", pod.key);
    const ObjectKey claim{pod.key.space, pod.claim};
    after(10ms, 500ms, [this, claim] { release_claim(claim); });
}

void Nodes::restart(const std::string& uid) {
    const auto found = pods_.find(uid);
    if (found == pods_.end() || found->second.is_ending || !found->second.is_up) return;
    auto& pod = found->second;
    pod.is_up = false;
    for (const auto& end : pod.ends) {
        if (const auto open = end.lock()) open->close();
    }
    pod.ends.clear();
    if (pod.has_run) ground_.lose_run(pod.server);
    show_running(pod, false);
    after(500ms, 12s, [this, uid] {
        const auto again = pods_.find(uid);
        if (again == pods_.end() || again->second.is_ending) return;
        again->second.is_up = true;
        show_running(again->second, true);
    });
}

void Nodes::saw_claim(const ObjectPtr& before, const ObjectPtr& after) {
    const auto key = key_of(after ? *after : *before);
    if (after && before && is_live(*after) && !is_live(*before)) std::ignore = ground_.commit_staged(*server_of(*after));
    if (!before) {
        api_.edit("persistentvolumeclaims", key,
                  [](Value& next) { at(next, "metadata").set("finalizers", Value::array({Value(claim_protection)})); });
    }
    if (after && is_ending(*after)) this->after(10ms, 500ms, [this, key] { release_claim(key); });
    // From when its end was asked for on nobody counts on it.
    const bool was_ending = before && is_ending(*before);
    if (!was_ending && (!after || is_ending(*after))) lose_sight_of(*before);
}

void Nodes::lose_sight_of(const Value& claim) {
    const auto uid = *server_of(claim);
    if (text_at(claim, {"status", "phase"}) == "Lost") return;
    if (!is_live(claim)) return static_cast<void>(ground_.discard_staged(uid));
    // Of several live ones the newest is the world.
    const auto rank = [](const std::string& name) { return std::pair(name.size(), name); };
    const auto own = rank(key_of(claim).name);
    const auto is_newer = [&](const auto& it) { return server_of(*it.second) == uid && is_live(*it.second) && rank(it.first.name) > own; };
    if (std::ranges::none_of(api_.table("persistentvolumeclaims").objects, is_newer)) ground_.remove_disk(uid);
}

// A claim that somebody holds stays until he lets go of it.
void Nodes::release_claim(const ObjectKey& key) {
    const auto claim = api_.find("persistentvolumeclaims", key);
    const auto holds = [&](const auto& it) { return it.second.claim == key.name && it.second.key.space == key.space; };
    if (claim && is_ending(*claim) && std::ranges::none_of(pods_, holds)) api_.drop("persistentvolumeclaims", key);
}

void Nodes::collect_garbage() {
    std::vector<std::pair<std::string, ObjectKey>> over;
    const auto is_gone = [&](const Value& object) {
        const auto* owners = find_at(object, {"metadata", "ownerReferences"});
        if (owners == nullptr || owners->as_array() == nullptr) return false;
        return std::ranges::none_of(*owners->as_array(), [&](const Value& owner) {
            const auto there = api_.find("gameservers", {key_of(object).space, std::string(text_at(owner, {"name"}))});
            return there && uid_of(*there) == text_at(owner, {"uid"});
        });
    };
    for (const auto& [key, object] : api_.table("secrets").objects) {
        if (is_gone(*object)) over.emplace_back("secrets", key);
    }
    for (const auto& [plural, key] : over) api_.drop(plural, key);
}

void Nodes::lose_power() {
    std::vector<std::string> all;
    for (const auto& [uid, pod] : pods_) all.push_back(uid);
    for (const auto& uid : all) restart(uid);
}

void Nodes::heal() {
    cut_off_.clear();
    without_address_.clear();
    for (const auto name : node_names) show_node(std::string(name));
}

void Nodes::show_node(const std::string& node) {
    const auto now = node_document(node, !is_cut_off(node), !is_one_of(without_address_, node));
    api_.edit("nodes", {"", node}, [&](Value& next) { next.set("status", *now.find("status")); });
}

// The cloud's controller has removed it, or has not said it yet.
void Nodes::take_an_address_away(Milliseconds how_long) {
    const std::string node(node_names[dice_.below(node_names.size())]);
    ground_.note("a node tells no address");
    without_address_[node] = ground_.now + how_long;
    show_node(node);
    later_.emplace(ground_.now + how_long, [this, node] { show_node(node); });
}

void Nodes::cut_off_a_node(Milliseconds how_long) {
    const std::string node(node_names[dice_.below(node_names.size())]);
    if (is_cut_off(node)) return;
    ground_.note("a node is cut off");
    cut_off_[node] = ground_.now + how_long;
    const auto show = [this, node] { show_node(node); };
    after(30s, 50s, show);
    later_.emplace(ground_.now + how_long, show);
    // Half-open connections are noticed by their silence.
    after(20s, 30s, [this, node] {
        for (auto& [uid, pod] : pods_) {
            if (pod.node != node || !is_cut_off(node)) continue;
            for (const auto& end : pod.ends) {
                if (const auto open = end.lock()) open->close();
            }
        }
    });
}

void Nodes::restart_a_container() {
    if (pods_.empty()) return;
    restart(std::next(pods_.begin(), static_cast<std::ptrdiff_t>(dice_.below(pods_.size())))->first);
}

void Nodes::delete_a_pod() {
    if (pods_.empty()) return;
    const auto& pod = std::next(pods_.begin(), static_cast<std::ptrdiff_t>(dice_.below(pods_.size())))->second;
    const auto key = pod.key;
    ground_.note("somebody deletes a pod", pod.server);
    api_.remove("pods", key);
}

void Nodes::lose_claim(ServerUid uid) {
    for (const auto& [key, claim] : api_.table("persistentvolumeclaims").objects) {
        if (server_of(*claim) != uid || !is_live(*claim)) continue;
        const auto lost = key;
        return api_.edit("persistentvolumeclaims", lost, [](Value& next) { at(next, "status").set("phase", "Lost"); });
    }
}

}  // namespace gk::sim
