#include "launcher/confine.hpp"

#include <array>
#include <fcntl.h>
#include <filesystem>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "launcher/disks.hpp"
#include "launcher/privilege.hpp"
#include "launcher/program.hpp"
#include "launcher/rules/permit.hpp"

namespace gk::launcher {
namespace {

// The working directory inside; a name that no folder of a machine has, since `folder` appears under its own path.
constexpr std::string_view inside = "/.gamekeeper";
constexpr int folder_lock = 3;

struct Shown {
    Descriptor tree;     // A mount that hangs nowhere yet, taken before anything is hidden: no path is resolved twice.
    std::string target;  // Inside.
};

struct Room {
    std::vector<Shown> shown;
    std::map<std::string, std::string> extra_files;  // Below <inside>/record.
};

Outcome<Success> make_folders(const std::string& path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return fail(Failure::Kind::unavailable, fmt::format("{} could not be made: {}", path, error.message()));
    return Success{};
}

bool is_folder(const Descriptor& tree) {
    struct stat info{};
    return ::fstat(tree.get(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Takes what lies at `path`, seen from `folder`; an empty path takes the folder itself.
Outcome<Shown> take(int folder, const std::string& path, std::string target, bool writable) {
    Descriptor tree(
        ::open_tree(folder, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW | (path.empty() ? AT_EMPTY_PATH : 0)));
    if (!tree) return fail_errno(fmt::format("{} could not be shown", target));
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_NOSUID | (writable ? 0U : MOUNT_ATTR_RDONLY) | (is_folder(tree) ? MOUNT_ATTR_NODEV : 0U);
    if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) return fail_errno("a mount could not be restricted");
    return Shown{std::move(tree), std::move(target)};
}

Outcome<Success> show(const Shown& shown, const std::string& root) {
    const std::string target = root + shown.target;
    if (is_folder(shown.tree)) {
        TRY_OK(make_folders(target));
    } else {
        TRY_OK(make_folders(std::filesystem::path(target).parent_path().string()));
        TRY_OK(write_file(target, {}, 0644));
    }
    if (::move_mount(shown.tree.get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0) {
        return fail_errno(fmt::format("{} could not be mounted", target));
    }
    return Success{};
}

// What every program needs: /usr with the links into it, and devices that are none.
Outcome<Success> add_machine(Room& room) {
    for (const auto* path : {"/usr", "/dev/null", "/dev/zero", "/dev/urandom"}) {
        TRY(part, take(AT_FDCWD, path, path, false));
        room.shown.push_back(std::move(part));
    }
    return Success{};
}

// How names are looked up and servers are trusted. Some of these are links, or absent.
Outcome<Success> add_network(Room& room) {
    for (const auto* path : {"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl/certs/ca-certificates.crt"}) {
        std::error_code absent;
        const auto real = std::filesystem::canonical(path, absent);
        if (absent) continue;
        TRY(part, take(AT_FDCWD, real.string(), path, false));
        room.shown.push_back(std::move(part));
    }
    return Success{};
}

Outcome<Success> add_world(Room& room, const std::string& world, bool writable) {
    if (!exists(world)) return fail(Failure::Kind::not_found, "the world's disk is absent");
    TRY(shown, take(AT_FDCWD, world, fmt::format("{}/data", inside), writable));
    room.shown.push_back(std::move(shown));
    return Success{};
}

// The path came from the control plane, which also owns what lies there: it must stay below the vault, through no link.
Outcome<Success> add_folder(Room& room, const Options& options, const std::string& path, bool writable) {
    if (!path.starts_with(options.vault + "/")) return fail(Failure::Kind::invalid, fmt::format("{} is not below the vault {}", path, options.vault));
    const Descriptor vault(::open(options.vault.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    open_how how{};
    how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    const auto below = path.substr(options.vault.size() + 1);
    const Descriptor source(static_cast<int>(::syscall(SYS_openat2, vault.get(), below.c_str(), &how, sizeof how)));
    if (!source) return fail_errno(fmt::format("folder {} could not be opened below the vault", path));
    TRY(shown, take(source.get(), {}, path, writable));
    room.shown.push_back(std::move(shown));
    return Success{};
}

Outcome<Success> furnish(const Room& room, const std::string& root) {
    for (const auto* name : {"bin", "sbin", "lib", "lib64"}) {
        if (::symlink(fmt::format("usr/{}", name).c_str(), fmt::format("{}/{}", root, name).c_str()) != 0)
            return fail_errno("a link could not be made");
    }
    const std::string here = root + std::string(inside);
    for (const auto& folder : {root + "/dev", root + "/proc", here + "/record", here + "/tmp"}) TRY_OK(make_folders(folder));
    for (const auto& [name, content] : room.extra_files) TRY_OK(write_file(fmt::format("{}/record/{}", here, name), content, 0644));
    for (const auto& shown : room.shown) TRY_OK(show(shown, root));
    if (::mount("tmpfs", (here + "/tmp").c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=512m") != 0)
        return fail_errno("a temporary folder could not be made");
    if (::mount("proc", (root + "/proc").c_str(), "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2") != 0)
        return fail_errno("/proc could not be mounted");
    return ::symlink("/proc/self/fd/0", (root + "/dev/stdin").c_str()) == 0 ? Outcome<Success>(Success{})
                                                                            : fail_errno("/dev/stdin could not be made");
}

// In a process with a mount namespace of its own. Afterwards nothing but the room can be reached by any path.
Outcome<Success> enter(const Room& room) {
    const std::string root = ".root";
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return fail_errno("mounts could not be made private");
    if (::mount("tmpfs", root.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=16m") != 0) return fail_errno("a root could not be made");
    TRY_OK(furnish(room, root));
    mount_attr attributes{};
    attributes.attr_set = MOUNT_ATTR_RDONLY;
    if (::mount_setattr(AT_FDCWD, root.c_str(), 0, &attributes, sizeof attributes) != 0) return fail_errno("the root could not be made read-only");
    if (::chdir(root.c_str()) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return fail_errno("the root could not be entered");
    // The old root now lies on top of the new one.
    if (::umount2(".", MNT_DETACH) != 0 || ::chdir(std::string(inside).c_str()) != 0) return fail_errno("the old root could not be left");
    return Success{};
}

// What root may do of its own: read any file; or, to write a world for another user, create, own and set modes. Never more than one of both.
constexpr auto to_read = std::to_array<int>({CAP_DAC_READ_SEARCH});
constexpr auto to_restore = std::to_array<int>({CAP_DAC_OVERRIDE, CAP_CHOWN, CAP_FOWNER});

int complain(const Failure& failure) {
    const auto text = failure.text + "\n";
    (void)!::write(STDERR_FILENO, text.data(), text.size());
    return 126;
}

// The program inherits the lock, so it is held exactly as long as the program lives, whoever else dies.
Outcome<Success> lock_folder(const std::string& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (folder < 0 || ::dup2(folder, folder_lock) != folder_lock) return fail_errno(path);
    ::close_range(folder_lock + 1, ~0U, 0);
    if (::flock(folder_lock, LOCK_EX | LOCK_NB) == 0) return Success{};
    return fail(Failure::Kind::unavailable, fmt::format("another program of ours still works in {}", path));
}

}  // namespace

Outcome<wire::launcher::ProgramEnded> run_confined(const Options& options, const wire::launcher::RunConfined& order) {
    Room room;
    room.extra_files = order.extra_files;
    const bool writes = order.may_write_world && order.disk == Disk::staged;
    TRY_OK(add_machine(room));
    if (order.needs_world) {
        TRY_OK(see_disks(order.server));
        const auto world = Place(order.server).disk(order.disk).world;
        // What is saved must not be newer than what a loss of power leaves: the game would go on from the older world.
        if (!writes && exists(world)) TRY_OK(sync_world(world));
        TRY_OK(add_world(room, world, writes));
    }
    if (order.needs_network) TRY_OK(add_network(room));
    if (!order.folder.empty()) TRY_OK(add_folder(room, options, order.folder, order.may_write_folder));
    const auto body = [&] {
        ::setpriority(PRIO_PROCESS, 0, 10);  // Games come first.
        if (!order.host_name.empty() && ::sethostname(order.host_name.data(), order.host_name.size()) != 0)
            return complain(fail_errno("the name of the machine could not be set").error());
        if (const auto entered = enter(room); !entered) return complain(entered.error());
        const auto capabilities = writes ? std::span<const int>(to_restore) : std::span<const int>(to_read);
        if (const auto became = become(options.client_uid, options.client_gid, capabilities); !became) return complain(became.error());
        ::close_range(folder_lock, ~0U, 0);
        if (!order.folder.empty()) {
            if (const auto locked = lock_folder(order.folder); !locked) return complain(locked.error());
        }
        const auto env = confined_environment(order, fmt::format("{}/tmp", inside));
        ::execve(options.confined_programs.at(order.argv.front()).c_str(), pointers(order.argv).data(), pointers(env).data());
        return complain(fail_errno(order.argv.front()).error());
    };
    const Limits limits{wire::launcher::output_size_max, wire::launcher::errors_size_max, order.time_limit};
    const unsigned long network = order.needs_network ? 0 : CLONE_NEWNET;
    TRY(ended, run_child(body, order.input, limits, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | network));
    return wire::launcher::ProgramEnded{ended.code, std::move(ended.output), std::move(ended.errors)};
}

namespace {

Outcome<Success> serve_files(const Options& options, ServerUid uid, int socket) {
    const auto slot = slot_of(uid);
    if (!slot) return fail(Failure::Kind::not_found, "there is no such server here");
    TRY_OK(see_disks(uid));
    Room room;
    TRY_OK(add_machine(room));
    TRY_OK(add_world(room, Place(uid).disk(Disk::live).world, true));
    const Descriptor program(::open(options.files_server.c_str(), O_PATH | O_CLOEXEC));
    if (!program) return fail_errno(fmt::format("{} could not be opened", options.files_server));
    if (::unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) != 0) return fail_errno("namespaces could not be made");
    TRY_OK(enter(room));
    const auto owner = options.uid_base + *slot;
    TRY_OK(become(owner, owner, {}));
    restore_signals();
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere, stream);
    ::fcntl(socket, F_SETFD, 0);
    const std::vector<std::string> argv = {"gamekeeper", "files-server", "--fd", std::to_string(socket), "--root", fmt::format("{}/data", inside)};
    const std::vector<std::string> env = {"PATH=/usr/bin:/bin"};
    ::execveat(program.get(), "", pointers(argv).data(), pointers(env).data(), AT_EMPTY_PATH);
    return fail_errno(options.files_server);
}

}  // namespace

Failure become_files_server(const Options& options, ServerUid uid, int socket) {
    const auto served = serve_files(options, uid, socket);
    return served ? Failure{} : served.error();
}

}  // namespace gk::launcher
