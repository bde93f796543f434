#include "launcher/game.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <map>
#include <poll.h>
#include <sched.h>
#include <set>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/text.hpp"
#include "launcher/bundle.hpp"
#include "launcher/disks.hpp"
#include "launcher/firewall.hpp"
#include "launcher/own_addresses.hpp"
#include "launcher/privilege.hpp"
#include "launcher/program.hpp"
#include "wire/shim/layout.hpp"

namespace gk::launcher {
namespace {

namespace layout = wire::shim::layout;

constexpr int report_patience_ms = 30'000;
constexpr int death_patience_ms = 5'000;
constexpr std::uint64_t files_wanted = 16'384;

std::string in_run(const Place& place, std::string_view name) { return fmt::format("{}/{}/{}", place.folder(), layout::run_folder, name); }

// A shim holds the lock on its run folder as long as it lives.
bool shim_lives(const Place& place) {
    const Descriptor folder(::open(place.at(layout::run_folder).c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string cgroup_of(const Options& options, ServerUid uid) { return fmt::format("{}/{}", options.cgroup_parent, uid.text()); }

bool is_number(std::string_view text, pid_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

bool container_exists(ServerUid uid) { return exists(fmt::format(".runc/{}", uid.text())); }

Outcome<Success> remove_container(const Options& options, const Cgroup& cgroup, ServerUid uid) {
    if (container_exists(uid)) TRY_OK(must_run({options.runc, "--root", absolute(options, ".runc"), "delete", "--force", uid.text()}));
    cgroup.remove(cgroup_of(options, uid));
    return Success{};
}

Outcome<Success> remove_run(const Options& options, const Cgroup& cgroup, ServerUid uid) {
    const Place place(uid);
    TRY_OK(remove_container(options, cgroup, uid));
    TRY_OK(forget_closed(options, uid));
    TRY_OK(remove_tree(place.at("bundle")));
    return remove_tree(place.at(layout::run_folder));
}

std::uint64_t files_max() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return std::min<std::uint64_t>(files_wanted, limit.rlim_max);  // More than we have ourselves cannot be given.
}

Sandbox sandbox_of(const Options& options, const Cgroup& cgroup, const wire::launcher::Launch& order) {
    return {
        .cgroup = cgroup_of(options, order.server),
        .owner = options.uid_base + order.slot,
        .argv = order.spec.program.argv,
        .env = order.spec.program.env,
        .working_directory = order.spec.program.working_directory,
        .world = {},
        .etc = {},
        .machine_folders = {},
        .mounts = order.mounts,
        .cpu_millis = order.cpu_millis,
        .memory_mebibytes = order.memory_mebibytes,
        .limits_swap = cgroup.limits_swap(),
        .files_max = files_max(),
    };
}

// The shim begins as root: everything in its spec that root acts on is ours, whatever the request said.
wire::shim::Spec spec_of(const Options& options, const wire::launcher::Launch& order) {
    const auto owner = options.uid_base + order.slot;
    auto spec = order.spec;
    spec.server = order.server;
    spec.mode = wire::shim::Mode::runc;
    spec.program = {};
    spec.container = {.runc = options.runc,
                      .root = absolute(options, ".runc"),
                      .bundle = absolute(options, Place(order.server).at("bundle")),
                      .id = order.server.text(),
                      .cgroup_root = options.cgroup_root,
                      .cgroup = cgroup_of(options, order.server)};
    spec.identity = wire::shim::Identity{.uid = owner, .gid = owner, .client_gid = options.client_gid};
    return spec;
}

// In the child: nothing of the launcher is left to the shim but the pipe that it reports by.
[[noreturn]] void become_shim(const Options& options, const Cgroup& cgroup, const std::string& run, int report) {
    ::setsid();
    cgroup.adopt(options.cgroup_parent + "/shims", ::getpid());
    restore_signals();
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
    ::dup2(report, layout::report_descriptor);
    ::close_range(layout::report_descriptor + 1, ~0U, 0);
    const std::vector<std::string> argv = {"gk-shim", "--dir", run};
    const std::vector<std::string> env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"};
    if (::chdir(run.c_str()) == 0) ::execve(options.shim.c_str(), pointers(argv).data(), pointers(env).data());
    const auto text = fmt::format("{}{} could not be executed", layout::report_error, options.shim);
    (void)!::write(layout::report_descriptor, text.data(), text.size());
    ::_exit(127);
}

// Everything up to the end of the stream, or what came until patience ended.
std::string read_report(int fd) {
    std::string out;
    std::array<char, 4096> chunk{};
    pollfd polled{fd, POLLIN, 0};
    while (!out.contains('\n') && ::poll(&polled, 1, report_patience_ms) > 0) {
        const auto count = ::read(fd, chunk.data(), chunk.size());
        if (count <= 0) break;
        out.append(chunk.data(), static_cast<std::size_t>(count));
    }
    return std::string(trimmed(out));
}

Outcome<Success> start_shim(const Options& options, const Cgroup& cgroup, const Place& place) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("a pipe could not be made");
    const Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    const auto run = absolute(options, place.at(layout::run_folder));
    const pid_t shim = ::fork();
    if (shim < 0) return fail_errno("the shim could not be started");
    if (shim == 0) become_shim(options, cgroup, run, write_end.get());
    write_end.reset();
    const std::string report = read_report(read_end.get());
    if (report == layout::report_executed || report == layout::report_running) return Success{};
    ::kill(-shim, SIGKILL);
    if (report.starts_with(layout::report_error)) return fail(Failure::Kind::invalid, report.substr(layout::report_error.size()));
    return fail(Failure::Kind::unavailable, fmt::format("the shim said nothing within {} s, or ended without a word", report_patience_ms / 1000));
}

// Processes that live, by their uid.
std::multimap<uid_t, pid_t> living_processes() {
    std::multimap<uid_t, pid_t> out;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
        pid_t pid = 0;
        uid_t uid = 0;
        if (!is_number(entry.path().filename().string(), pid)) continue;
        // Not the owner of the folder: that is root for a process that hides itself (PR_SET_DUMPABLE).
        const auto status = read_file(entry.path().string() + "/status");
        const auto line = status.find("\nUid:\t");
        if (line == std::string::npos || status.contains("\nState:\tZ")) continue;
        std::from_chars(status.data() + line + 6, status.data() + status.size(), uid);
        out.emplace(uid, pid);
    }
    return out;
}

// As descriptors that tell when they end.
std::vector<Descriptor> processes_of(uid_t uid) {
    std::vector<Descriptor> out;
    const auto living = living_processes();
    for (auto [process, end] = living.equal_range(uid); process != end; ++process) {
        out.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, process->second, 0)));
    }
    return out;
}

// As that uid, kill(-1) ends all of its processes in one step of the kernel, faster than any of them can fork.
Outcome<Success> kill_uid(std::uint32_t uid) {
    const auto body = [&] {
        if (!become(uid, uid, {})) return 1;
        return ::kill(-1, SIGKILL) == 0 || errno == ESRCH ? 0 : 1;
    };
    TRY(ended, run_child(body, {}, {}));
    if (ended.code != 0) return fail(Failure::Kind::unavailable, fmt::format("the processes of uid {} could not be ended", uid));
    return Success{};
}

// Replaces a mount's source by what it really is, which must lie where the games of this machine do.
Outcome<Success> resolve_mount(const Options& options, wire::launcher::Mount& mount) {
    std::error_code error;
    const std::string real = std::filesystem::canonical(mount.source, error).string();
    if (error) return fail(Failure::Kind::invalid, fmt::format("{} is not there: install the game's files first", mount.source));
    const bool known = std::ranges::any_of(options.mount_prefixes, [&](const auto& prefix) { return lies_in(real, prefix); });
    if (!known) {
        return fail(Failure::Kind::invalid,
                    fmt::format("{} may not be shown to a game: it does not lie below {}", real, joined(options.mount_prefixes)));
    }
    mount.source = real;
    return Success{};
}

}  // namespace

Outcome<Success> launch(const Options& options, const Cgroup& cgroup, const wire::launcher::Launch& request) {
    auto order = request;
    for (auto& mount : order.mounts) TRY_OK(resolve_mount(options, mount));
    const Place place(order.server);
    TRY_OK(claim_slot(options, order.server, order.slot));
    if (shim_lives(place) || exists(in_run(place, layout::exit_file))) return Success{};
    TRY(disks, see_disks(order.server));
    if (!disks.live) return fail(Failure::Kind::not_found, "the server has no disk");
    TRY_OK(remove_run(options, cgroup, order.server));  // Of a run that was lost.
    TRY_OK(make_folder(place.at(layout::run_folder), 0750));
    TRY_OK(make_folder(place.at(layout::log_folder), 02750));
    TRY_OK(write_bundle(options, order.server, sandbox_of(options, cgroup, order)));
    cgroup.make(cgroup_of(options, order.server));
    TRY_OK(close_to_others(options, order.server, order.internal_ports));
    const auto spec = wire::shim::encode(spec_of(options, order));
    TRY_OK(write_file(in_run(place, layout::spec_file), as_text(spec), 0600));
    if (const auto started = start_shim(options, cgroup, place); !started) {
        (void)kill_all(options, order.server);
        (void)remove_run(options, cgroup, order.server);
        return started;
    }
    return Success{};
}

Outcome<Success> kill_all(const Options& options, ServerUid uid) {
    const auto slot = slot_of(uid);
    if (!slot) return Success{};
    const uid_t owner = options.uid_base + *slot;
    for (auto processes = processes_of(owner); !processes.empty(); processes = processes_of(owner)) {
        TRY_OK(kill_uid(owner));
        for (const auto& process : processes) {
            pollfd polled{process.get(), POLLIN, 0};
            if (::poll(&polled, 1, death_patience_ms) == 0) {
                return fail(Failure::Kind::unavailable, fmt::format("a process of uid {} did not end within {} s", owner, death_patience_ms / 1000));
            }
        }
    }
    return Success{};
}

Outcome<Success> clean(const Options& options, const Cgroup& cgroup, ServerUid uid) {
    const Place place(uid);
    if (shim_lives(place) && !exists(in_run(place, layout::exit_file)))
        return fail(Failure::Kind::invalid, "the game still runs: stop or kill it first");
    TRY_OK(kill_all(options, uid));
    return remove_run(options, cgroup, uid);
}

Outcome<Success> forget(const Options& options, const Cgroup& cgroup, ServerUid uid) {
    TRY_OK(kill_all(options, uid));
    TRY_OK(remove_run(options, cgroup, uid));
    for (const Disk which : {Disk::staged, Disk::live}) TRY_OK(remove_disk(uid, which));
    release_slot(uid);
    return remove_tree(Place(uid).folder());
}

std::vector<ServerUid> list_servers() {
    const auto here = servers_here();
    std::set<ServerUid> out(here.begin(), here.end());
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(".runc", error)) {
        if (const auto uid = ServerUid::parse(entry.path().filename().string())) out.insert(*uid);
    }
    return {out.begin(), out.end()};
}

void put_away(const Options& options, const Cgroup& cgroup) {
    const auto living = living_processes();
    for (const ServerUid uid : servers_here()) {
        const auto slot = slot_of(uid);
        // A game that has lost its shim holds its disk too: mounted a second time, the world would be destroyed.
        if (slot && !living.contains(options.uid_base + *slot)) unmount_disks(uid);
    }
    const auto first = living.lower_bound(options.uid_base);
    if (first != living.end() && first->first - options.uid_base < options.uid_count) return;
    remove_firewall(options);
    if (options.own_addresses) close_own_addresses(options);
    cgroup.remove(options.cgroup_parent + "/shims");
    cgroup.remove(options.cgroup_parent);
}

}  // namespace gk::launcher
