#include "launcher/rules/sandbox.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

Sandbox example() {
    return {.cgroup = "/gamekeeper/0f8fad5b-d9cb-469f-a165-70867728950e",
            .owner = 600'007,
            .argv = {"/usr/games/minetestserver", "--world", "/data"},
            .env = {{"HOME", "/data"}},
            .working_directory = "/data",
            .world = "/state/servers/one/live/data",
            .etc = "/state/servers/one/bundle/etc",
            .machine_folders = {"/etc/fonts"},
            .mounts = {{"/usr/share/games/minetest", "/games/minetest"}},
            .cpu_millis = 1500,
            .memory_mebibytes = 512,
            .limits_swap = true,
            .files_max = 16'384};
}

// The value at a path like "process/user/uid".
const Value& at(const Value& value, std::string_view path) {
    const auto slash = path.find('/');
    const Value* member = value.find(path.substr(0, slash));
    EXPECT_NE(member, nullptr) << path;
    return slash == std::string_view::npos ? *member : at(*member, path.substr(slash + 1));
}

bool has(const Value::Array& items, std::string_view text) { return std::ranges::find(items, Value(text)) != items.end(); }

bool has_name(const Value& rules, std::string_view call) {
    for (const Value& rule : *rules.as_array()) {
        for (const Value& name : *rule.find("names")->as_array()) {
            if (*name.as_string() == call) return true;
        }
    }
    return false;
}

TEST(Sandbox, GivesTheGameItsOwnUserAndNothingOfRoot) {
    const Value config = sandbox_config(example());

    EXPECT_EQ(at(config, "process/user/uid"), Value(600'007));
    EXPECT_EQ(at(config, "process/noNewPrivileges"), Value(true));
    for (const auto* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
        EXPECT_TRUE(at(config, fmt::format("process/capabilities/{}", set)).as_array()->empty());
    }
    EXPECT_EQ(at(config, "root/readonly"), Value(true));
}

TEST(Sandbox, SetsTheLimitsOfThePackage) {
    const Value config = sandbox_config(example());

    EXPECT_EQ(at(config, "linux/resources/memory/limit"), Value(std::int64_t{512} << 20));
    EXPECT_EQ(at(config, "linux/resources/memory/swap"), Value(std::int64_t{512} << 20));
    EXPECT_EQ(at(config, "linux/resources/cpu/quota"), Value(150'000));
    EXPECT_EQ(at(config, "linux/cgroupsPath"), Value("/gamekeeper/0f8fad5b-d9cb-469f-a165-70867728950e"));
}

TEST(Sandbox, LetsNothingOnDiskBeWrittenButTheWorld) {
    const Value config = sandbox_config(example());

    for (const Value& mount : *at(config, "mounts").as_array()) {
        if (*mount.find("type")->as_string() != "bind") continue;
        const auto& options = *mount.find("options")->as_array();
        const bool is_world = *mount.find("destination") == Value("/data");
        EXPECT_EQ(has(options, "ro"), !is_world) << to_json(mount);
        EXPECT_TRUE(has(options, "nosuid")) << to_json(mount);
    }
}

TEST(Sandbox, ShutsSystemCallsThatLeadOutOfASandbox) {
    const Value profile = seccomp_profile();
    const Value& rules = *profile.find("syscalls");

    EXPECT_EQ(*profile.find("defaultAction"), Value("SCMP_ACT_ERRNO"));
    for (const auto* call : {"mount", "umount2", "unshare", "setns", "pivot_root", "open_by_handle_at", "bpf", "ptrace", "init_module", "keyctl",
                             "userfaultfd", "io_uring_setup", "perf_event_open", "kexec_load", "process_vm_writev", "move_mount", "open_tree"}) {
        EXPECT_FALSE(has_name(rules, call)) << call;
    }
    for (const auto* call : {"read", "openat", "futex", "epoll_wait", "execve", "clone", "socket"}) EXPECT_TRUE(has_name(rules, call)) << call;
    // Every further kind of system call is a way in of its own, and makes each start slower.
    EXPECT_EQ(*profile.find("architectures"), Value::array({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}));
}

TEST(Sandbox, ShowsWhatLiesInEtcBehindEtcItself) {
    const Value config = sandbox_config(example());

    const auto& mounts = *at(config, "mounts").as_array();
    const auto place_of = [&](std::string_view target) {
        return std::ranges::find_if(mounts, [&](const Value& mount) { return *mount.find("destination") == Value(target); });
    };
    ASSERT_NE(place_of("/etc/fonts"), mounts.end());
    EXPECT_LT(place_of("/etc"), place_of("/etc/fonts"));
}

TEST(Sandbox, HasNothingMountedOverWhatItIsMadeOf) {
    for (const auto* good : {"/games/toy", "/usr/share/games/x", "/opt", "/database"}) EXPECT_TRUE(is_mount_target(good)) << good;
    for (const auto* bad : {"/", "", "games", "/data", "/data/x", "/etc/passwd", "/proc", "/a/../etc", "/a//b", "//proc", "/a/", "/a/."}) {
        EXPECT_FALSE(is_mount_target(bad)) << bad;
    }
    EXPECT_TRUE(lies_in("/opt/x", "/opt"));
    EXPECT_FALSE(lies_in("/optional", "/opt"));
}

}  // namespace
}  // namespace gk::launcher
