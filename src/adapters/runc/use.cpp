#include "adapters/runc/use.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <utility>

namespace gk::runc {

namespace cgroup = wire::cgroup;

namespace {

// Small files that the kernel makes up; one that is not there is empty.
std::string read_file(const std::string& path) {
    const int file = path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    std::string out;
    std::array<char, 4096> chunk{};
    for (ssize_t count = 0; file >= 0 && (count = ::read(file, chunk.data(), chunk.size())) > 0;) {
        out.append(chunk.data(), static_cast<std::size_t>(count));
    }
    if (file >= 0) ::close(file);
    return out;
}

bool is_mount_point(const std::string& folder) {
    struct stat inside{};
    struct stat outside{};
    return ::lstat(folder.c_str(), &inside) == 0 && ::lstat((folder + "/..").c_str(), &outside) == 0 && inside.st_dev != outside.st_dev;
}

// nullopt: not to be known.
std::optional<bool> exists(const std::string& path) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) == 0) return true;
    return errno == ENOENT ? std::optional(false) : std::nullopt;
}

}  // namespace

GroupReader::GroupReader(Clock& clock, std::string root, std::string parent)
    : clock_(clock),
      root_(std::move(root)),
      parent_(std::move(parent)),
      version_(cgroup::version_at(root_)) {}

GroupReader::Use GroupReader::read(ServerUid uid) {
    const auto files = cgroup::files_of(version_, root_, parent_ + "/" + uid.text());
    const Sample now{.at = clock_.now(), .cpu_ns = cgroup::cpu_ns(version_, read_file(files.cpu))};
    const auto before = std::exchange(last_[uid], now);
    Use use;
    const bool comparable = before.at != Time{} && now.at > before.at && now.cpu_ns >= before.cpu_ns;
    if (comparable) use.cpu.count = static_cast<std::int64_t>((now.cpu_ns - before.cpu_ns) / 1000) / (now.at - before.at).count();
    const auto all = cgroup::number(read_file(files.memory));
    const auto reclaimable = cgroup::reclaimable_bytes(version_, read_file(files.memory_stat));
    use.memory = mebibytes(all > reclaimable ? all - reclaimable : 0);
    return use;
}

std::optional<Host::Disks> disks_in(const std::string& server_folder) {
    const auto interrupted = exists(server_folder + "/old");
    if (!interrupted || *interrupted) return std::nullopt;
    Host::Disks seen;
    for (const auto& [name, present] : {std::pair("/live", &seen.live), {"/staged", &seen.staged}}) {
        const auto image = exists(server_folder + name + ".img");
        const auto world = exists(server_folder + name + "/data");
        if (!image || !world || (*image && !is_mount_point(server_folder + name))) return std::nullopt;
        *present = *world;
    }
    return seen;
}

std::optional<DiskUse> disk_use(const std::string& mount) {
    struct statvfs info{};
    if (!is_mount_point(mount) || ::statvfs(mount.c_str(), &info) != 0) return std::nullopt;
    // As df counts: what is free but held back for the file system itself is of no use to the game.
    const std::uint64_t used = (info.f_blocks - info.f_bfree) * info.f_frsize;
    return DiskUse{.used = mebibytes(used), .size = mebibytes(used + info.f_bavail * info.f_frsize)};
}

MebiBytes mebibytes(std::uint64_t bytes) {
    constexpr std::uint64_t mebibyte = 1 << 20;
    return {static_cast<std::int64_t>((bytes + mebibyte - 1) / mebibyte)};
}

}  // namespace gk::runc
