#include "tests/host/rig.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sstream>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "adapters/process/plain_host.hpp"
#include "adapters/runc/launcher_host.hpp"
#include "async/task_group.hpp"
#include "async/this_executor.hpp"
#include "base/text.hpp"
#include "launcher/launcher.hpp"

namespace gk::host_test {
namespace {

namespace fs = std::filesystem;

std::string binary(const std::string& name) { return std::string(GK_BINARY_DIR) + "/bin/" + name; }

std::vector<pid_t> processes_where(auto wanted) {
    std::vector<pid_t> out;
    for (const auto& process : fs::directory_iterator("/proc")) {
        const auto name = process.path().filename().string();
        if (name.find_first_not_of("0123456789") == std::string::npos && wanted(process.path().string())) out.push_back(std::stoi(name));
    }
    return out;
}

Task<void> forgotten(Host& host, ServerUid uid) {
    const auto result = co_await host.forget(uid);
    EXPECT_TRUE(result) << text_of(result);
}

Task<void> all_forgotten(Host& host, std::vector<ServerUid> servers) {
    async::TaskGroup tasks(co_await async::this_executor);
    for (const auto uid : servers) tasks.spawn("forget", forgotten(host, uid));
    auto joined = tasks.join();
    co_await async::run_with(tasks, std::move(joined));
}

}  // namespace

ServerUid server(std::uint32_t slot) {
    UuidBits random{};
    random[14] = static_cast<std::uint8_t>(slot >> 8);
    random[15] = static_cast<std::uint8_t>(slot);
    random[0] = static_cast<std::uint8_t>(::getpid());
    random[1] = static_cast<std::uint8_t>(::getpid() >> 8);
    return ServerUid(uuid_from_random(random));
}

std::string read_text(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    // A process may end while its files in /proc are read: then there is no more text, and no exception.
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}
void write_text(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

std::vector<pid_t> processes_naming(const std::string& text) {
    return processes_where([&](const std::string& process) { return read_text(process + "/cmdline").contains(text); });
}

std::vector<pid_t> processes_of_user(std::uint32_t uid) {
    return processes_where([&](const std::string& process) {
        const auto status = read_text(process + "/status");
        return status.contains("\nUid:\t" + std::to_string(uid) + "\t") && !status.contains("\nState:\tZ");
    });
}

// Looks again whenever something happens in the folder.
void wait_in(const fs::path& folder, const std::function<bool()>& holds, const std::string& what) {
    const int notices = ::inotify_init1(IN_CLOEXEC);
    ::inotify_add_watch(notices, folder.c_str(), IN_CREATE | IN_MOVED_TO | IN_MODIFY);
    pollfd polled{notices, POLLIN, 0};
    while (!holds()) {
        ASSERT_GT(::poll(&polled, 1, 20'000), 0) << what << " never came";
        std::array<char, 4096> events{};
        ASSERT_GT(::read(notices, events.data(), events.size()), 0);
    }
    ::close(notices);
}

void wait_for_file(const std::string& path) {
    wait_in(fs::path(path).parent_path(), [&] { return fs::exists(path); }, path);
}

Rig::Rig() {
    fs::permissions(state, fs::perms(0755));  // Games of other users pass through it.
    fs::create_directories(state + "/vault");
}

Rig::~Rig() {
    EXPECT_TRUE(processes_naming(state).empty()) << "a process of " << state << " is left";
    EXPECT_FALSE(read_text("/proc/mounts").contains(state)) << "a mount of " << state << " is left";
}

server::LaunchSpec Rig::game(ServerUid uid, std::vector<std::string> arguments) const {
    server::LaunchSpec spec;
    spec.uid = uid;
    spec.name = "default/toy";
    spec.slot = static_cast<std::uint32_t>(uid.bits()[14]) << 8 | uid.bits()[15];
    spec.argv = {toy()};
    spec.argv.insert(spec.argv.end(), arguments.begin(), arguments.end());
    spec.mounts = {{std::string(GK_BINARY_DIR) + "/bin", "/games/toy"}};
    spec.resources = {.cpu = {500}, .memory = {128}, .disk = {32}};
    spec.ready.log_pattern = "ready";
    return spec;
}

void Rig::wait_for_exit(ServerUid uid) const { wait_for_file(folder(uid) + "/run/exit"); }

void Rig::wait_for_line(ServerUid uid, const std::string& text) const {
    const auto said = [&] {
        return std::ranges::any_of(fs::directory_iterator(folder(uid) + "/log"),
                                   [&](const auto& file) { return read_text(file.path()).contains(text); });
    };
    wait_in(folder(uid) + "/log", said, text);
}

LauncherRig::LauncherRig() {
    options.state = state;
    options.vault = state + "/vault";
    options.client_uid = 65534;
    options.client_gid = 65534;
    options.uid_base = uid_base;
    options.uid_count = 1000;
    options.shim = binary("gk-shim");
    options.files_server = binary("gk-files-probe");
    api_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(api_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(api_, 16), 0);
    ::getsockname(api_, reinterpret_cast<sockaddr*>(&address), &size);
    api_port = ntohs(address.sin_port);
    options.closed_ports = {Port{api_port}};
    options.mount_prefixes = {"/usr", fs::canonical(GK_BINARY_DIR).string() + "/bin"};
    options.confined_programs["sh"] = "/bin/sh";
    options.cgroup_parent = "/gamekeeper-test-" + std::to_string(::getpid());
    [[maybe_unused]] const int given = ::chown(options.vault.c_str(), options.client_uid, options.client_gid);
    start_launcher();
}

LauncherRig::~LauncherRig() {
    if (!host_) start_launcher();
    const auto listed = run(host_->list());
    run(all_forgotten(*host_, listed.value_or(std::vector<ServerUid>())));
    end_launcher();
    ::close(api_);
    EXPECT_FALSE(has_firewall_rules());
    for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup")) {
        EXPECT_FALSE(fs::exists(hierarchy.path().string() + options.cgroup_parent)) << hierarchy.path() << " still has a group";
    }
}

bool LauncherRig::has_firewall_rules() const {
    const auto look = fmt::format("iptables -w 10 -S | grep -q 'GK-{0}' || ip6tables -w 10 -S | grep -q 'GK-{0}'", options.uid_base);
    return ::system(look.c_str()) == 0;
}

void LauncherRig::end_launcher() {
    host_.reset();
    stop_launcher(0);
}

void LauncherRig::start_launcher() {
    runc::MachineOptions machine{.state = options.state,
                                 .shim = options.shim,
                                 .runc = options.runc,
                                 .confined_programs = options.confined_programs,
                                 .cgroup_root = options.cgroup_root,
                                 .cgroup_parent = options.cgroup_parent};
    host_ = std::make_unique<runc::LauncherHost>(io.get_executor(), clock, connect_launcher(), std::move(machine));
}

int LauncherRig::connect_launcher() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::runtime_error("no socket pair");
    launcher_ = ::fork();
    if (launcher_ == 0) {
        ::close(ends[0]);
        ::_exit(launcher::launcher_main(ends[1], options));
    }
    ::close(ends[1]);
    return ends[0];
}

void LauncherRig::stop_launcher(int signal) {
    if (signal != 0) ::kill(launcher_, signal);
    int status = 0;
    ::waitpid(launcher_, &status, 0);
    launcher_ = -1;
}

void LauncherRig::restart_launcher() {
    host_.reset();
    stop_launcher(SIGKILL);
    start_launcher();
}

int LauncherRig::connect_launcher_anew() {
    end_launcher();
    return connect_launcher();
}

PlainRig::PlainRig() {
    process::PlainOptions plain{.state = state, .shim = binary("gk-shim"), .files_server = binary("gk-files-probe")};
    plain.confined_programs["sh"] = "/bin/sh";
    host_ = std::make_unique<process::PlainHost>(io.get_executor(), clock, std::move(plain));
}

PlainRig::~PlainRig() {
    const auto listed = run(host_->list());
    for (const ServerUid uid : *listed) EXPECT_TRUE(run(host_->forget(uid)));
    io.poll();
}

std::string PlainRig::toy() const { return binary("gk-toy-game"); }

}  // namespace gk::host_test
