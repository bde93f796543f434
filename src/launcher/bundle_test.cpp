#include "launcher/bundle.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace gk::launcher {
namespace {

Sandbox example() {
    return {.server = *ServerUid::parse("0f8fad5b-d9cb-469f-a165-70867728950e"),
            .owner = 600'007,
            .argv = {"/usr/games/minetestserver", "--world", "/data"},
            .env = {{"HOME", "/data"}},
            .working_directory = "/data",
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

TEST(Bundle, GivesTheGameItsOwnUserAndNothingOfRoot) {
    const Value config = bundle_config({.state = "/state"}, example());

    EXPECT_EQ(at(config, "process/user/uid"), Value(600'007));
    EXPECT_EQ(at(config, "process/noNewPrivileges"), Value(true));
    for (const auto* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
        EXPECT_TRUE(at(config, fmt::format("process/capabilities/{}", set)).as_array()->empty());
    }
    EXPECT_EQ(at(config, "root/readonly"), Value(true));
}

TEST(Bundle, SetsTheLimitsOfThePackage) {
    const Value config = bundle_config({.state = "/state"}, example());

    EXPECT_EQ(at(config, "linux/resources/memory/limit"), Value(std::int64_t{512} << 20));
    EXPECT_EQ(at(config, "linux/resources/memory/swap"), Value(std::int64_t{512} << 20));
    EXPECT_EQ(at(config, "linux/resources/cpu/quota"), Value(150'000));
    EXPECT_EQ(at(config, "linux/cgroupsPath"), Value("/gamekeeper/0f8fad5b-d9cb-469f-a165-70867728950e"));
}

TEST(Bundle, LetsNothingOnDiskBeWrittenButTheWorld) {
    const Value config = bundle_config({.state = "/state"}, example());

    for (const Value& mount : *at(config, "mounts").as_array()) {
        if (*mount.find("type")->as_string() != "bind") continue;
        const auto& options = *mount.find("options")->as_array();
        const bool is_world = *mount.find("destination") == Value("/data");
        EXPECT_EQ(has(options, "ro"), !is_world) << to_json(mount);
        EXPECT_TRUE(has(options, "nosuid")) << to_json(mount);
    }
}

TEST(Bundle, ShutsSystemCallsThatLeadOutOfASandbox) {
    const Value profile = seccomp_profile();
    const Value& rules = *profile.find("syscalls");

    EXPECT_EQ(*profile.find("defaultAction"), Value("SCMP_ACT_ERRNO"));
    for (const auto* call : {"mount", "umount2", "unshare", "setns", "pivot_root", "open_by_handle_at", "bpf", "ptrace", "init_module", "keyctl",
                             "userfaultfd", "io_uring_setup", "perf_event_open", "kexec_load", "process_vm_writev", "move_mount", "open_tree"}) {
        EXPECT_FALSE(has_name(rules, call)) << call;
    }
    for (const auto* call : {"read", "openat", "futex", "epoll_wait", "execve", "clone", "socket"}) EXPECT_TRUE(has_name(rules, call)) << call;
}

}  // namespace
}  // namespace gk::launcher
