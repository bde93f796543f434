#include "adapters/kubernetes/objects/backup_pod.hpp"

#include <utility>

#include <fmt/format.h>

namespace gk::kubernetes {
namespace {

constexpr MebiBytes work_size{16};
constexpr MebiBytes temporary_size{512};  // restic fills its packs there.
constexpr int key_mode = 0440;            // The group is the pod's fsGroup.

Value mount(std::string_view name, std::string_view path) { return Value::object({{"name", name}, {"mountPath", path}}); }

// The world is mounted below a folder of the pod, so that the program finds it as "data"; only a restore sees the whole claim, where it makes "data".
Value mounts(const BackupPod& pod) {
    auto key = mount("key", key_path);
    key.set("readOnly", true);
    Value::Array out = {mount("volume", volume_path), mount("run", run_path), mount("tmp", "/tmp"), std::move(key)};
    if (pod.may_write) {
        out.push_back(mount("world", work_path));
        return Value(std::move(out));
    }
    out.push_back(mount("work", work_path));
    auto world = mount("world", fmt::format("{}/{}", work_path, data_folder));
    world.set("subPath", data_folder);
    world.set("readOnly", true);
    out.push_back(std::move(world));
    return Value(std::move(out));
}

Value volumes(const BackupPod& pod) {
    const auto empty = [](std::string_view name, MebiBytes size) {
        return Value::object({{"name", name}, {"emptyDir", Value::object({{"sizeLimit", fmt::format("{}Mi", size.count)}})}});
    };
    auto claim = Value::object({{"claimName", pod.claim}});
    if (!pod.may_write) claim.set("readOnly", true);
    // Not the key of the game's shim: whoever has taken a game over cannot speak for this one.
    const auto item = Value::object({{"key", "tools"}, {"path", "shim"}, {"mode", key_mode}});
    const auto secret = Value::object({{"secretName", object_name(pod.server.name)}, {"items", Value(Value::Array{item})}});
    Value::Array out = {Value::object({{"name", "world"}, {"persistentVolumeClaim", std::move(claim)}}), empty("volume", work_size),
                        empty("run", MebiBytes{16}), empty("tmp", temporary_size), Value::object({{"name", "key"}, {"secret", secret}})};
    if (!pod.may_write) out.push_back(empty("work", work_size));
    return Value(std::move(out));
}

// A world that is there is saved where it is, also when games have taken all that its node has: who asks for something is turned away there
// (OutOfcpu), and the world could never be stopped. A restore may choose, and then the game is to find room at the same place.
Value resources_of(const BackupPod& pod, const BackupRules& rules) {
    const auto amount = Value::object({{"cpu", fmt::format("{}m", rules.cpu.count)}, {"memory", fmt::format("{}Mi", rules.memory.count)}});
    const auto nothing = Value::object({{"cpu", "0"}, {"memory", "0"}});
    return Value::object({{"limits", amount}, {"requests", pod.may_write ? amount : nothing}});
}

Value container(const BackupPod& pod, const BackupRules& rules) {
    Value::Array command;
    for (const auto word : {shim_path, std::string_view("--pod"), std::string_view("--volume"), volume_path, std::string_view("--run"), run_path,
                            std::string_view("--key"), std::string_view("/gk/key/shim"), std::string_view("--listen")})
        command.emplace_back(word);
    command.emplace_back(fmt::to_string(shim_port));
    return Value::object({{"name", "backup"},
                          {"image", rules.image},
                          {"imagePullPolicy", "IfNotPresent"},
                          {"command", std::move(command)},
                          {"resources", resources_of(pod, rules)},
                          {"securityContext", Value::object({{"allowPrivilegeEscalation", false},
                                                             {"capabilities", Value::object({{"drop", Value(Value::Array{Value("ALL")})}})},
                                                             {"readOnlyRootFilesystem", true}})},
                          {"volumeMounts", mounts(pod)}});
}

Value spec_of(const BackupPod& pod, const BackupRules& rules, const PodRules& games) {
    auto spec = Value::object({{"activeDeadlineSeconds", std::int64_t{pod.life.count()}},
                               {"automountServiceAccountToken", false},
                               {"containers", Value(Value::Array{container(pod, rules)})},
                               {"enableServiceLinks", false},
                               {"restartPolicy", "Never"},
                               // The game's: it may read what that wrote, and nothing more; what it brings back is the game's own.
                               {"securityContext", security_of(pod.game, games)},
                               {"terminationGracePeriodSeconds", 10},
                               {"volumes", volumes(pod)}});
    if (!pod.host_name.empty()) spec.set("hostname", pod.host_name);
    // By name, past the scheduler's taste: on another node a claim that one node has mounted cannot be had.
    if (!pod.node.empty()) spec.set("nodeName", pod.node);
    set_placement(spec, pod.game, games);
    return spec;
}

// kubectl drain refuses pods that nobody answers for.
Value controller_of(const BackupPod& pod) {
    return Value::object(
        {{"apiVersion", group_version}, {"kind", "GameServer"}, {"name", pod.server.name}, {"uid", pod.owner}, {"controller", true}});
}

Value metadata_of(const BackupPod& pod) {
    auto labels = labels_of(pod.uid, pod.server.name);
    labels.set(component_label, backup_component);
    auto out = Value::object({{"name", backup_pod_name(pod.server.name)},
                              {"namespace", pod.server.space},
                              {"labels", std::move(labels)},
                              {"annotations", Value::object({{std::string(epoch_annotation), fmt::to_string(std::to_underlying(pod.epoch))}})}});
    if (!pod.owner.empty()) out.set("ownerReferences", Value::array({controller_of(pod)}));
    return out;
}

}  // namespace

std::string backup_pod_name(std::string_view id) { return object_name(id) + "-backup"; }

Value backup_pod(const BackupPod& pod, const BackupRules& rules, const PodRules& games) {
    return Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata_of(pod)}, {"spec", spec_of(pod, rules, games)}});
}

wire::shim::ProgramOrder program_order(Workbench::Job job) {
    wire::shim::ProgramOrder order;
    order.argv = std::move(job.argv);
    order.env = std::move(job.env);
    order.env.insert({{"PATH", "/usr/bin:/bin"}, {"HOME", "/tmp"}, {"TMPDIR", "/tmp"}});
    for (const auto& [name, secret] : job.secrets) order.env[name] = secret.reveal();
    order.working_directory = std::string(work_path);
    order.world = std::string(data_folder);
    order.input = std::move(job.input);
    order.folder = "record";
    order.files = std::move(job.extra_files);
    return order;
}

}  // namespace gk::kubernetes
