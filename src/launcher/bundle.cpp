#include "launcher/bundle.hpp"

#include <array>
#include <filesystem>
#include <sys/stat.h>

namespace gk::launcher {
namespace {

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

// In the order in which they are mounted: what lies in /etc comes behind /etc itself.
std::vector<std::string> machine_folders() {
    std::vector<std::string> out;
    for (const auto name : system_folders) out.push_back(fmt::format("/{}", name));
    for (const auto name : etc_folders) out.push_back(fmt::format("/etc/{}", name));
    std::erase_if(out, [](const auto& path) { return !is_folder(path); });
    return out;
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

Outcome<Success> write_bundle(const Options& options, ServerUid server, Sandbox sandbox) {
    const Place place(server);
    sandbox.world = absolute(options, place.disk(wire::launcher::Disk::live).world);
    sandbox.etc = absolute(options, place.at("bundle/etc"));
    sandbox.machine_folders = machine_folders();
    TRY_OK(remove_tree(place.at("bundle")));
    TRY_OK(make_folder(place.at("bundle"), 0700));
    TRY_OK(write_etc(place, sandbox.owner));
    TRY_OK(write_rootfs(place, sandbox));
    return write_file(place.at("bundle/config.json"), to_json(sandbox_config(sandbox)), 0600);
}

}  // namespace gk::launcher
