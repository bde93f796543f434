#include "adapters/kubernetes/objects/pod.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/digest.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

constexpr std::chrono::seconds grace_margin{30};
constexpr int key_mode = 0440;  // The group is the pod's fsGroup.

Value text_list(const std::vector<std::string_view>& items) {
    Value::Array out;
    for (const auto item : items) out.emplace_back(item);
    return out;
}

Value locked_down(bool writable_root = false) {
    return Value::object({{"allowPrivilegeEscalation", false},
                          {"capabilities", Value::object({{"drop", text_list({"ALL"})}})},
                          {"readOnlyRootFilesystem", !writable_root}});
}

Value mount(std::string_view name, std::string_view path) { return Value::object({{"name", name}, {"mountPath", path}}); }

Value resources(const server::Resources& size) {
    const auto amount = Value::object({{"cpu", fmt::format("{}m", size.cpu.count)}, {"memory", fmt::format("{}Mi", size.memory.count)}});
    return Value::object({{"limits", amount}, {"requests", amount}});
}

Value environment(const server::LaunchSpec& launch) {
    Value::Array out;
    for (const auto& [name, text] : pod_variables(launch)) out.push_back(Value::object({{"name", name}, {"value", text}}));
    return out;
}

Value container_ports(const server::LaunchSpec& launch) {
    const bool on_node = server::kind_of(launch.exposure) == server::Exposure::Kind::host_port;
    Value::Array out;
    for (const auto& port : launch.ports) {
        if (port.internal) continue;
        auto entry =
            Value::object({{"containerPort", int{std::to_underlying(port.bound)}}, {"protocol", port.protocol == Protocol::tcp ? "TCP" : "UDP"}});
        if (on_node) entry.set("hostPort", int{std::to_underlying(port.open)});
        out.push_back(std::move(entry));
    }
    return out;
}

Value game_container(const GamePod& pod) {
    auto data = mount("world", data_path);
    data.set("subPath", data_folder);
    auto key = mount("key", key_path);
    key.set("readOnly", true);
    Value::Array mounts = {mount("world", volume_path), std::move(data), mount("run", run_path), mount("tmp", "/tmp"), std::move(key)};
    if (!pod.launch.image->has_shim) mounts.push_back(mount("bin", "/gk/bin"));
    if (!pod.launch.init.empty()) mounts.push_back(mount("shared", shared_path));
    return Value::object({{"name", "game"},
                          {"image", pod.launch.image->reference},
                          {"imagePullPolicy", "IfNotPresent"},
                          {"command", text_list({shim_path, "--pod", "--volume", volume_path, "--run", run_path, "--key", "/gk/key/shim", "--listen",
                                                 fmt::to_string(shim_port)})},
                          {"workingDir", data_path},
                          {"env", environment(pod.launch)},
                          {"ports", container_ports(pod.launch)},
                          {"resources", resources(pod.launch.resources)},
                          {"securityContext", locked_down(pod.launch.image->writable_root)},
                          {"volumeMounts", std::move(mounts)}});
}

Value copying_container(const PodRules& rules) {
    const auto amount = Value::object({{"cpu", "10m"}, {"memory", "32Mi"}});
    return Value::object({{"name", "shim"},
                          {"image", rules.shim_image},
                          {"imagePullPolicy", "IfNotPresent"},
                          {"command", text_list({shim_path, "--install", "/gk/copy"})},
                          {"resources", Value::object({{"limits", amount}, {"requests", amount}})},
                          {"securityContext", locked_down()},
                          {"volumeMounts", Value(Value::Array{mount("bin", "/gk/copy")})}});
}

// It sees no world: a pod may be started for its files alone, and what changes a world is known to the keeper.
Value init_container(const GamePod& pod, const server::InitContainer& init) {
    Value::Array command;
    for (const auto& word : init.argv) command.emplace_back(word);
    return Value::object({{"name", init.name},
                          {"image", init.image.empty() ? pod.launch.image->reference : init.image},
                          {"imagePullPolicy", "IfNotPresent"},
                          {"command", std::move(command)},
                          {"env", environment(pod.launch)},
                          {"resources", resources(pod.launch.resources)},
                          {"securityContext", locked_down()},
                          {"volumeMounts", Value(Value::Array{mount("shared", shared_path), mount("tmp", "/tmp")})}});
}

Value init_containers(const GamePod& pod, const PodRules& rules) {
    Value::Array out;
    if (!pod.launch.image->has_shim) out.push_back(copying_container(rules));
    for (const auto& init : pod.launch.init) out.push_back(init_container(pod, init));
    return Value(std::move(out));
}

Value volumes(const GamePod& pod, const PodRules& rules, const KeyItem& key) {
    const auto empty = [](std::string_view name, MebiBytes size) {
        return Value::object({{"name", name}, {"emptyDir", Value::object({{"sizeLimit", fmt::format("{}Mi", size.count)}})}});
    };
    const auto item = Value::object({{"key", key.item}, {"path", "shim"}, {"mode", key_mode}});
    const auto secret = Value::object({{"secretName", key.secret}, {"items", Value(Value::Array{item})}});
    const auto claim = Value::object({{"name", "world"}, {"persistentVolumeClaim", Value::object({{"claimName", pod.claim}})}});
    Value::Array out = {pod.claim.empty() ? empty("world", pod.launch.resources.disk) : claim, empty("run", MebiBytes{16}),
                        empty("tmp", rules.scratch), Value::object({{"name", "key"}, {"secret", secret}})};
    if (!pod.launch.image->has_shim) out.push_back(empty("bin", MebiBytes{16}));
    if (!pod.launch.init.empty()) out.push_back(empty("shared", rules.scratch));
    return out;
}

// A node that falls silent for a while keeps its worlds: to throw them out would start none elsewhere, and end them when the node is back.
Value with_patience(Value tolerations) {
    for (const auto* trouble : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"})
        tolerations.as_array()->push_back(Value::object({{"key", trouble}, {"operator", "Exists"}, {"effect", "NoExecute"}}));
    return tolerations;
}

Value set_identity(const wire::kubernetes::ObjectKey& server, Epoch epoch) {
    return Value::object({{"name", object_name(server.name)},
                          {"namespace", server.space},
                          {"annotations", Value::object({{std::string(epoch_annotation), fmt::to_string(std::to_underlying(epoch))}})}});
}

Value selector_of(ServerUid uid) { return Value::object({{"matchLabels", game_selector(uid)}}); }

Value pod_labels(const GamePod& pod) {
    auto labels = labels_of(pod.launch.uid, pod.server.name);
    labels.set(component_label, game_component);
    return labels;
}

}  // namespace

Value labels_of(ServerUid uid, std::string_view id) {
    return Value::object({{std::string(server_label), uid.text()}, {std::string(name_label), id}, {std::string(manager_label), manager}});
}

Value game_selector(ServerUid uid) {
    return Value::object({{std::string(server_label), uid.text()}, {std::string(component_label), game_component}});
}

std::map<std::string, std::string> pod_variables(const server::LaunchSpec& launch) {
    std::map<std::string, std::string> out;
    if (!launch.init.empty()) out.emplace("GK_SHARED", shared_path);
    for (const auto& port : launch.ports) {
        const auto number = fmt::to_string(std::to_underlying(port.bound));
        if (port.role == "game") out.try_emplace("SERVER_PORT", number);
        if (port.role == "rcon") out.try_emplace("RCON_PORT", number);
    }
    return out;
}

std::chrono::seconds grace_of(const std::vector<server::StopRung>& ladder) {
    Milliseconds total{0};
    for (const auto& rung : ladder) total += rung.wait;
    return std::chrono::ceil<std::chrono::seconds>(total) + grace_margin;
}

Value security_of(const server::Image& game, const PodRules& rules) {
    const std::int64_t user = game.user.value_or(rules.user);
    return Value::object({{"fsGroup", std::int64_t{rules.user}},
                          {"fsGroupChangePolicy", "OnRootMismatch"},
                          {"runAsGroup", user},
                          {"runAsNonRoot", user != 0},
                          {"runAsUser", user},
                          {"seccompProfile", Value::object({{"type", "RuntimeDefault"}})}});
}

Value tolerations_of(const server::Image& game, const PodRules& rules) {
    Value::Array out;
    const auto add = [&out](const std::vector<server::Toleration>& all) {
        for (const auto& it : all) {
            auto toleration = Value::object({{"key", it.key}, {"operator", it.value ? "Equal" : "Exists"}});
            if (it.value) toleration.set("value", *it.value);
            if (!it.effect.empty()) toleration.set("effect", it.effect);
            out.push_back(std::move(toleration));
        }
    };
    add(rules.tolerations);
    add(game.tolerations);
    return Value(std::move(out));
}

void set_placement(Value& pod_spec, const server::Image& game, const PodRules& rules) {
    Value::Array pull;
    for (const auto& name : rules.pull_secrets) pull.push_back(Value::object({{"name", name}}));
    if (!pull.empty()) pod_spec.set("imagePullSecrets", std::move(pull));
    auto nodes = Value::object();
    for (const auto& [label, text] : game.node_selector) nodes.set(label, text);
    for (const auto& [label, text] : *rules.node_selector.as_object()) nodes.set(label, text);
    if (!nodes.as_object()->empty()) pod_spec.set("nodeSelector", std::move(nodes));
    auto tolerations = tolerations_of(game, rules);
    if (!tolerations.as_array()->empty()) pod_spec.set("tolerations", std::move(tolerations));
    if (!rules.priority_class.empty()) pod_spec.set("priorityClassName", rules.priority_class);
    if (!rules.runtime_class.empty()) pod_spec.set("runtimeClassName", rules.runtime_class);
}

Value pod_spec(const GamePod& pod, const PodRules& rules, const KeyItem& key) {
    auto spec = Value::object({{"automountServiceAccountToken", false},
                               {"containers", Value(Value::Array{game_container(pod)})},
                               {"enableServiceLinks", false},
                               {"securityContext", security_of(*pod.launch.image, rules)},
                               {"terminationGracePeriodSeconds", std::int64_t{grace_of(pod.launch.stop).count()}},
                               {"volumes", volumes(pod, rules, key)}});
    auto before = init_containers(pod, rules);
    if (!before.as_array()->empty()) spec.set("initContainers", std::move(before));
    set_placement(spec, *pod.launch.image, rules);
    if (!pod.claim.empty()) spec.set("tolerations", with_patience(tolerations_of(*pod.launch.image, rules)));
    return spec;
}

Value pod_template(const GamePod& pod, const PodRules& rules) {
    auto spec = pod_spec(pod, rules, {.secret = object_name(pod.server.name), .item = "shim"});
    // A cluster that shrinks may not take a node for which there is somebody else's game, either.
    auto annotations = Value::object({{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"},
                                      {std::string(template_annotation), fmt::format("{:016x}", digest_of(to_json(spec)))}});
    auto metadata = Value::object({{"labels", pod_labels(pod)}, {"annotations", std::move(annotations)}});
    return Value::object({{"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
}

std::string template_mark(const Value& pod_template) {
    return std::string(wire::kubernetes::text_at(pod_template, {"metadata", "annotations", template_annotation}));
}

Value bare_pod(const GamePod& pod, const PodRules& rules) {
    auto out = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}});
    const auto made_of = pod_template(pod, rules);
    auto metadata = *made_of.find("metadata");
    metadata.set("name", pod_name(pod.server.name));
    metadata.set("namespace", pod.server.space);
    out.set("metadata", std::move(metadata));
    out.set("spec", *made_of.find("spec"));
    return out;
}

Value stateful_set(const GamePod& pod, const PodRules& rules, int replicas, Epoch epoch) {
    auto metadata = set_identity(pod.server, epoch);
    metadata.set("labels", labels_of(pod.launch.uid, pod.server.name));
    return Value::object({{"apiVersion", "apps/v1"},
                          {"kind", "StatefulSet"},
                          {"metadata", std::move(metadata)},
                          {"spec", Value::object({{"replicas", replicas},
                                                  {"serviceName", object_name(pod.server.name)},
                                                  // A pod that never gets ready must not keep its successor from being made.
                                                  {"podManagementPolicy", "Parallel"},
                                                  {"updateStrategy", Value::object({{"type", "OnDelete"}})},
                                                  {"revisionHistoryLimit", 1},
                                                  {"selector", selector_of(pod.launch.uid)},
                                                  {"template", pod_template(pod, rules)}})}});
}

Value stateful_set_scale(const wire::kubernetes::ObjectKey& server, int replicas, Epoch epoch) {
    return Value::object({{"metadata", set_identity(server, epoch)}, {"spec", Value::object({{"replicas", replicas}})}});
}

}  // namespace gk::kubernetes
