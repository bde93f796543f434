#include "launcher/disks.hpp"

#include <array>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <linux/loop.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "launcher/program.hpp"

namespace gk::launcher {
namespace {

constexpr unsigned loop_major = 7;
constexpr unsigned long mount_flags = MS_NOSUID | MS_NODEV | MS_NOATIME;

bool is_mounted(const std::string& folder) {
    struct stat inside{};
    struct stat outside{};
    return ::lstat(folder.c_str(), &inside) == 0 && ::lstat(".", &outside) == 0 && inside.st_dev != outside.st_dev;
}

// Attaches the image to a free loop device, which the kernel frees again with the last user (LO_FLAGS_AUTOCLEAR).
struct Loop {
    Descriptor device;  // Keeps it attached until it is mounted.
    std::string node;
};
Outcome<Loop> attach(const std::string& image) {
    const Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    const Descriptor file(::open(image.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!control) return fail_errno("/dev/loop-control could not be opened");
    if (!file) return fail_errno(fmt::format("image {} could not be opened", image));
    for (int attempt = 0; attempt < 64; ++attempt) {
        const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
        if (number < 0) return fail_errno("no loop device is free");
        const auto node = fmt::format("/dev/loop{}", number);
        if (!exists(node)) ::mknod(node.c_str(), S_IFBLK | 0600, ::makedev(loop_major, static_cast<unsigned>(number)));
        Descriptor device(::open(node.c_str(), O_RDWR | O_CLOEXEC));
        if (!device) return fail_errno(fmt::format("{} could not be opened", node));
        loop_config config{};
        config.fd = static_cast<std::uint32_t>(file.get());
        config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
        image.copy(reinterpret_cast<char*>(config.info.lo_file_name), LO_NAME_SIZE - 1);
        if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) return Loop{std::move(device), node};
        if (errno != EBUSY) return fail_errno(fmt::format("image {} could not be attached to {}", image, node));
        // Somebody else took it between the two calls.
    }
    return fail(Failure::Kind::exhausted, "no loop device could be taken in 64 attempts");
}

Outcome<Success> mount_image(const DiskPlace& place) {
    // Mounted twice it would be destroyed: of several processes that find it unmounted, one mounts it.
    const Descriptor lock(::open(place.folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!lock || ::flock(lock.get(), LOCK_EX) != 0) return fail_errno("a server's folder could not be locked");
    if (is_mounted(place.mount)) return Success{};
    // A world in the folder below is older than the image: it is from a time without loop devices, before a switch.
    TRY_OK(remove_tree(place.world));
    TRY_OK(make_folder(place.mount, 0711));
    TRY(loop, attach(place.image));
    // discard: what a game deletes goes back to the machine.
    if (::mount(loop.node.c_str(), place.mount.c_str(), "ext4", mount_flags, "discard,errors=remount-ro") != 0) {
        return fail_errno(fmt::format("image {} could not be mounted", place.image));
    }
    return Success{};
}

Outcome<Success> unmount(const DiskPlace& place) {
    while (is_mounted(place.mount)) {
        if (::umount2(place.mount.c_str(), UMOUNT_NOFOLLOW) != 0) return fail_errno(fmt::format("{} could not be unmounted", place.mount));
    }
    return Success{};
}

Outcome<Success> format(const std::string& image, std::uint32_t mebibytes) {
    const Descriptor file(::open(image.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file || ::ftruncate(file.get(), std::int64_t{mebibytes} << 20) != 0) return fail_errno(fmt::format("image {} could not be made", image));
    // No reserved blocks: the game is the only user. A new file is all zeros, so that nothing needs to be zeroed, now or by the kernel later.
    return must_run({"/usr/sbin/mkfs.ext4", "-q", "-F", "-m", "0", "-E", "assume_storage_prezeroed=1,nodiscard", image});
}

Outcome<Success> make_world(const std::string& world, std::uint32_t owner) {
    TRY_OK(make_folder(world, 0700));
    if (::chown(world.c_str(), owner, owner) != 0) return fail_errno(fmt::format("{} could not be given to its owner", world));
    return Success{};
}

Outcome<Success> create_image(const DiskPlace& place, std::uint32_t mebibytes, std::uint32_t owner) {
    const std::string beside = place.image + ".new";
    TRY_OK(format(beside, mebibytes));
    if (::rename(beside.c_str(), place.image.c_str()) != 0) return fail_errno("an image could not be renamed");
    TRY_OK(mount_image(place));
    return make_world(place.world, owner);
}

// What lies there counts as memory of the game that has written it; an inode for every 4 KiB of it is more than that memory has room for.
Outcome<Success> create_in_memory(const DiskPlace& place, std::uint32_t mebibytes, std::uint32_t owner) {
    TRY_OK(make_folder(place.mount, 0711));
    const auto limits = fmt::format("size={}m,nr_inodes={},mode=0711", mebibytes, mebibytes * 256);
    if (!is_mounted(place.mount) && ::mount("tmpfs", place.mount.c_str(), "tmpfs", mount_flags, limits.c_str()) != 0)
        return fail_errno(fmt::format("a disk in memory could not be mounted at {}", place.mount));
    return make_world(place.world, owner);
}

Outcome<Success> create_folder(const DiskPlace& place, std::uint32_t owner) {
    TRY_OK(make_folder(place.mount, 0711));
    return make_world(place.world, owner);
}

Outcome<Success> rename_over(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno(fmt::format("{} could not become {}", from, to));
    return Success{};
}

// A disk without an image is a folder. It is switched in three steps: live -> old, staged -> live, old removed.
Outcome<Success> finish_folder_switch(const Place& place) {
    const std::string old = place.at("old");
    if (!exists(old)) return Success{};
    if (!exists(place.at("live")) && exists(place.at("staged"))) TRY_OK(rename_over(place.at("staged"), place.at("live")));
    return remove_tree(old);
}

Outcome<Success> chown_below(int folder, std::uint32_t owner, int depth) {
    if (depth > 256) return fail(Failure::Kind::invalid, "the world's folders are nested more than 256 deep");
    DIR* entries = ::fdopendir(folder);
    if (entries == nullptr) return fail_errno("a folder of the world could not be read");
    Outcome<Success> result = Success{};
    while (const dirent* entry = ::readdir(entries)) {
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (::fchownat(::dirfd(entries), entry->d_name, owner, owner, AT_SYMLINK_NOFOLLOW) != 0)
            result = fail_errno("a file of the world could not be given away");
        const int below = ::openat(::dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below >= 0 && result) result = chown_below(below, owner, depth + 1);
        if (!result) break;
    }
    ::closedir(entries);
    return result;
}

}  // namespace

Outcome<DisksSeen> see_disks(ServerUid uid) {
    const Place place(uid);
    TRY_OK(finish_folder_switch(place));
    DisksSeen seen;
    for (const auto& [which, present] : {std::pair(Disk::live, &seen.live), {Disk::staged, &seen.staged}}) {
        const DiskPlace disk = place.disk(which);
        if (exists(disk.image)) TRY_OK(mount_image(disk));
        *present = exists(disk.world);
    }
    return seen;
}

Outcome<Success> create_disk(const Options& options, const wire::launcher::CreateDisk& order) {
    TRY_OK(claim_slot(options, order.server, order.slot));
    TRY(seen, see_disks(order.server));
    if (order.disk == Disk::live ? seen.live : seen.staged) return Success{};
    const DiskPlace disk = Place(order.server).disk(order.disk);
    const std::uint32_t owner = options.uid_base + order.slot;
    if (exists(disk.image)) return make_world(disk.world, owner);
    if (order.in_memory) return create_in_memory(disk, order.mebibytes, owner);
    return loop_shortcoming().empty() ? create_image(disk, order.mebibytes, owner) : create_folder(disk, owner);
}

Outcome<Success> remove_disk(ServerUid uid, Disk which) {
    const Place place(uid);
    const DiskPlace disk = place.disk(which);
    TRY_OK(finish_folder_switch(place));
    TRY_OK(unmount(disk));
    ::unlink((disk.image + ".new").c_str());
    if (::unlink(disk.image.c_str()) != 0 && errno != ENOENT) return fail_errno(fmt::format("image {} could not be removed", disk.image));
    return remove_tree(disk.mount);
}

Outcome<Success> switch_disk(ServerUid uid) {
    const Place place(uid);
    TRY(seen, see_disks(uid));
    if (!seen.staged) {
        if (seen.live) return Success{};
        return fail(Failure::Kind::not_found, "there is no staged disk to switch to");
    }
    const DiskPlace live = place.disk(Disk::live);
    const DiskPlace staged = place.disk(Disk::staged);
    // What becomes live is whole, also after a loss of power.
    TRY_OK(sync_world(staged.world));
    TRY_OK(unmount(staged));
    TRY_OK(unmount(live));
    if (exists(staged.image)) {
        // The one step that counts: before it the old world is live, behind it the new one.
        TRY_OK(rename_over(staged.image, live.image));
        TRY_OK(remove_tree(staged.mount));
        return mount_image(live);
    }
    ::unlink(live.image.c_str());
    if (exists(live.mount)) TRY_OK(rename_over(live.mount, place.at("old")));
    TRY_OK(rename_over(staged.mount, live.mount));
    return finish_folder_switch(place);
}

Outcome<Success> sync_world(const std::string& world) {
    const Descriptor folder(::open(world.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder || ::syncfs(folder.get()) != 0) return fail_errno(fmt::format("{} could not be written to the disk", world));
    return Success{};
}

Outcome<Success> own_world(const std::string& world, std::uint32_t owner) {
    const int folder = ::open(world.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return fail(Failure::Kind::not_found, "there is no such disk");
    if (::fchown(folder, owner, owner) != 0 || ::fchmod(folder, 0700) != 0) return fail_errno("the world could not be given to its owner");
    return chown_below(folder, owner, 0);
}

void unmount_disks(ServerUid uid) {
    for (const Disk which : {Disk::live, Disk::staged}) (void)unmount(Place(uid).disk(which));
}

std::uint64_t world_bytes(ServerUid uid) {
    std::uint64_t sum = 0;
    std::error_code error;
    auto entry = std::filesystem::recursive_directory_iterator(Place(uid).disk(Disk::live).world, error);
    for (; !error && entry != std::filesystem::end(entry); entry.increment(error)) {
        struct stat info{};
        if (::lstat(entry->path().c_str(), &info) == 0) sum += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
    return sum;
}

std::string loop_shortcoming() {
    if (::access("/usr/sbin/mkfs.ext4", X_OK) != 0) return "mkfs.ext4 is missing, so that a world may outgrow its package: install e2fsprogs";
    const Descriptor control(::open("/dev/loop-control", O_RDWR | O_CLOEXEC));
    if (!control) return "/dev/loop-control cannot be opened, so that a world may outgrow its package: load the kernel module loop";
    return {};
}

}  // namespace gk::launcher
