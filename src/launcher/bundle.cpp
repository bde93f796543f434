#include "launcher/bundle.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sys/resource.h>
#include <sys/stat.h>

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

// /bin, /lib ...: links into /usr on today's systems, which rootfs repeats, and folders of their own on older ones.
constexpr auto system_folders = std::to_array<std::string_view>({"bin", "sbin", "lib", "lib32", "lib64", "libx32"});
// Of the machine's /etc: files are copied, folders mounted; the rest of it is none of a game's business.
constexpr auto etc_files =
    std::to_array<std::string_view>({"resolv.conf", "hosts", "nsswitch.conf", "localtime", "ld.so.cache", "protocols", "services"});
constexpr auto etc_folders = std::to_array<std::string_view>({"alternatives", "ssl/certs", "ca-certificates", "fonts", "java-17-openjdk"});

bool is_folder(const std::string& path) {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

Value mounts_of(const Options& options, const Sandbox& sandbox) {
    Value::Array out = {
        mount_of("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
        mount_of("/dev", "tmpfs", "tmpfs", {"nosuid", "noexec", "strictatime", "mode=755", "size=65536k"}),
        mount_of("/dev/pts", "devpts", "devpts", {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}),
        mount_of("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=65536k"}),
        mount_of("/tmp", "tmpfs", "tmpfs", {"nosuid", "nodev", "mode=1777", "size=262144k"}),
        read_only("/usr", "/usr"),
    };
    for (const auto name : system_folders) {
        const auto path = fmt::format("/{}", name);
        if (is_folder(path)) out.push_back(read_only(path, path));
    }
    const Place place(sandbox.server);
    out.push_back(read_only("/etc", absolute(options, place.at("bundle/etc"))));
    for (const auto name : etc_folders) {
        const auto path = fmt::format("/etc/{}", name);
        if (is_folder(path)) out.push_back(read_only(path, path));
    }
    const auto world = absolute(options, place.disk(wire::launcher::Disk::live).world);
    out.push_back(mount_of("/data", "bind", world, {"bind", "rw", "nosuid", "nodev"}));
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

Outcome<Success> write_etc(const Place& place, std::uint32_t owner) {
    TRY_OK(make_folder(place.at("bundle/etc"), 0755));
    const auto in_etc = [&](std::string_view name) { return place.at(fmt::format("bundle/etc/{}", name)); };
    TRY_OK(
        write_file(in_etc("passwd"), fmt::format("root:x:0:0:root:/:/usr/sbin/nologin\ngame:x:{0}:{0}:game:/data:/usr/sbin/nologin\n", owner), 0644));
    TRY_OK(write_file(in_etc("group"), fmt::format("root:x:0:\ngame:x:{}:\n", owner), 0644));
    std::error_code error;
    for (const auto name : etc_files) {
        std::filesystem::copy_file(fmt::format("/etc/{}", name), in_etc(name), std::filesystem::copy_options::overwrite_existing, error);
    }
    for (const auto name : etc_folders) {
        if (is_folder(fmt::format("/etc/{}", name))) std::filesystem::create_directories(in_etc(name), error);
    }
    return Success{};
}

Outcome<Success> write_rootfs(const Place& place, const Sandbox& sandbox) {
    const auto root = place.at("bundle/rootfs");
    TRY_OK(make_folder(root, 0755));
    std::error_code error;
    for (const auto name : system_folders) {
        const auto path = fmt::format("/{}", name);
        if (std::filesystem::is_symlink(path, error)) std::filesystem::copy_symlink(path, fmt::format("{}/{}", root, name), error);
    }
    // Made here and not by runc, whose umask is the shim's: the game must pass through every folder above a mount.
    for (const auto& mount : sandbox.mounts) {
        if (is_folder(mount.source)) std::filesystem::create_directories(root + mount.target, error);
    }
    return Success{};
}

}  // namespace

Value bundle_config(const Options& options, const Sandbox& sandbox) {
    Value::Array namespaces;
    for (const auto* type : {"pid", "mount", "ipc", "uts"}) namespaces.push_back(Value::object({{"type", type}}));
    Value linux_part = Value::object({
        {"cgroupsPath", fmt::format("{}/{}", options.cgroup_parent, sandbox.server.text())},
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
        {"mounts", mounts_of(options, sandbox)},
        {"linux", std::move(linux_part)},
    });
}

Outcome<Success> write_bundle(const Options& options, const Sandbox& sandbox) {
    const Place place(sandbox.server);
    TRY_OK(remove_tree(place.at("bundle")));
    TRY_OK(make_folder(place.at("bundle"), 0700));
    TRY_OK(write_etc(place, sandbox.owner));
    TRY_OK(write_rootfs(place, sandbox));
    return write_file(place.at("bundle/config.json"), to_json(bundle_config(options, sandbox)), 0600);
}

}  // namespace gk::launcher
