#include "launcher/rules/sandbox.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

namespace gk::launcher {
namespace {

constexpr int processes_max = 1024;
constexpr int cpu_period_us = 100'000;

Value strings(std::initializer_list<std::string_view> items) {
    Value::Array out;
    for (const auto item : items) out.emplace_back(item);
    return out;
}

Value mount_of(std::string_view target, std::string_view type, std::string_view source, std::initializer_list<std::string_view> flags) {
    return Value::object({{"destination", target}, {"type", type}, {"source", source}, {"options", strings(flags)}});
}
Value read_only(std::string_view target, std::string_view source) { return mount_of(target, "bind", source, {"bind", "ro", "nosuid", "nodev"}); }

Value mounts_of(const Sandbox& sandbox) {
    Value::Array out = {
        mount_of("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
        mount_of("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=65536k"}),
        mount_of("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}),
        mount_of("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
        mount_of("/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777", "size=262144k"}),
        read_only("/usr", "/usr"),
        read_only("/etc", sandbox.etc),
    };
    for (const auto& folder : sandbox.machine_folders) out.push_back(read_only(folder, folder));
    out.push_back(mount_of("/data", "bind", sandbox.world, {"bind", "rw", "nosuid", "nodev"}));
    for (const auto& mount : sandbox.mounts) out.push_back(read_only(mount.target, mount.source));
    return out;
}

Value limits_of(const Sandbox& sandbox) {
    const auto memory = std::int64_t{sandbox.memory_mebibytes} << 20;
    Value limit = Value::object({{"limit", memory}});
    if (sandbox.limits_swap) limit.set("swap", memory);  // Memory and swap together: so it cannot swap.
    const auto millis = std::int64_t{sandbox.cpu_millis};
    return Value::object({
        {"memory", std::move(limit)},
        {"cpu",
         Value::object(
             {{"shares", std::max<std::int64_t>(2, millis * 1024 / 1000)}, {"quota", millis * cpu_period_us / 1000}, {"period", cpu_period_us}})},
        {"pids", Value::object({{"limit", processes_max}})},
        {"devices", Value::array({Value::object({{"allow", false}, {"access", "rwm"}})})},
    });
}

Value process_of(const Sandbox& sandbox) {
    Value::Array args(sandbox.argv.begin(), sandbox.argv.end());
    Value::Array env;
    for (const auto& [name, value] : sandbox.env) env.emplace_back(fmt::format("{}={}", name, value));
    const auto files = static_cast<std::int64_t>(sandbox.files_max);
    const Value::Array none;
    return Value::object({
        {"terminal", false},
        {"user", Value::object({{"uid", std::int64_t{sandbox.owner}}, {"gid", std::int64_t{sandbox.owner}}})},
        {"args", std::move(args)},
        {"env", std::move(env)},
        {"cwd", sandbox.working_directory},
        {"capabilities", Value::object({{"bounding", none}, {"effective", none}, {"permitted", none}, {"inheritable", none}, {"ambient", none}})},
        {"rlimits", Value::array({Value::object({{"type", "RLIMIT_NOFILE"}, {"hard", files}, {"soft", std::min<std::int64_t>(files, 4096)}}),
                                  Value::object({{"type", "RLIMIT_CORE"}, {"hard", 0}, {"soft", 0}})})},
        {"noNewPrivileges", true},
    });
}

}  // namespace

Value sandbox_config(const Sandbox& sandbox) {
    Value::Array namespaces;
    for (const auto* type : {"pid", "mount", "ipc", "uts"}) namespaces.push_back(Value::object({{"type", type}}));
    Value linux_part = Value::object({
        {"cgroupsPath", sandbox.cgroup},
        {"namespaces", std::move(namespaces)},
        {"resources", limits_of(sandbox)},
        {"seccomp", seccomp_profile()},
        {"maskedPaths", strings({"/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                                 "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"})},
        {"readonlyPaths", strings({"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"})},
    });
    return Value::object({
        {"ociVersion", "1.0.2"},
        {"process", process_of(sandbox)},
        {"root", Value::object({{"path", "rootfs"}, {"readonly", true}})},
        {"hostname", "game"},
        {"mounts", mounts_of(sandbox)},
        {"linux", std::move(linux_part)},
    });
}

bool lies_in(const std::string& path, const std::string& folder) { return path == folder || path.starts_with(folder + "/"); }

bool is_mount_target(const std::string& path) {
    constexpr auto ours = std::to_array<const char*>({"/proc", "/dev", "/etc", "/sys", "/data", "/tmp"});
    // As texts: paths compare by their parts, and "//proc" has the same ones as "/proc".
    const bool plain = path.starts_with('/') && !path.ends_with('/') && std::filesystem::path(path).lexically_normal().string() == path;
    return plain && std::ranges::none_of(ours, [&](const auto* folder) { return lies_in(path, folder); });
}

}  // namespace gk::launcher
