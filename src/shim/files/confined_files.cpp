#include "shim/files/confined_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <random>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "wire/files/world_path.hpp"

namespace gk::shim {
namespace {

using wire::files::Entry;
using wire::files::EntryType;
using wire::files::Status;
using Names = std::vector<std::string>;

constexpr int depth_max = 256;     // Of directories that one remove() goes down; each costs a descriptor.
constexpr int attempts_max = 16;   // The kernel says EAGAIN while somebody renames parts of the path.
constexpr int removals_max = 256;  // Of one name that somebody keeps exchanging.

FilesRefusal error(Status status, std::string_view path, std::string_view why) {
    return {status, fmt::format("{}: {}", path.empty() ? "/" : path, why)};
}

Status status_of(int number) {
    switch (number) {
    case ENOENT: return Status::not_found;
    case ELOOP:
    case EXDEV: return Status::escapes;
    case EEXIST:
    case ENOTEMPTY: return Status::exists;
    case EISDIR: return Status::not_a_file;
    case ENOTDIR: return Status::not_a_directory;
    case ENOSPC:
    case EDQUOT: return Status::no_space;
    case EFBIG: return Status::too_large;
    default: return Status::unavailable;
    }
}

FilesRefusal system_error(std::string_view path) {
    const int number = errno;
    if (number == ELOOP || number == EXDEV) return error(Status::escapes, path, "this path meets a link; links are not followed");
    return error(status_of(number), path, std::strerror(number));
}

// One step of the kernel from a directory's descriptor to a name or path below it.
Descriptor open_below(const Descriptor& directory, const std::string& path, int flags, mode_t mode = 0) {
    open_how how{};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    for (int attempt = 1;; ++attempt) {
        const auto number = syscall(SYS_openat2, directory.get(), path.c_str(), &how, sizeof how);
        const bool again = number < 0 && (errno == EAGAIN || errno == EINTR) && attempt < attempts_max;
        if (!again) return Descriptor(static_cast<int>(number));
    }
}

std::string below_root(const Names& names) {
    std::string path = ".";
    for (const auto& name : names) path += "/" + name;
    return path;
}

Result<Names, FilesRefusal> names_in(std::string_view path) {
    auto names = wire::files::world_path_names(path);
    if (!names) return std::unexpected(error(Status::escapes, path, "this path can name nothing inside the world"));
    return std::move(*names);
}

// The path's last name, and the directory it stands in.
struct Place {
    Descriptor parent;
    std::string name;
};

// With `make`, directories that are missing on the way are made.
Result<Descriptor, FilesRefusal> open_parent(const Descriptor& root, const Names& parents, bool make, std::string_view path) {
    auto directory = open_below(root, below_root(parents), O_RDONLY | O_DIRECTORY);
    if (directory) return directory;
    if (errno != ENOENT || !make) return std::unexpected(system_error(path));
    directory = open_below(root, ".", O_RDONLY | O_DIRECTORY);
    for (const auto& name : parents) {
        if (mkdirat(directory.get(), name.c_str(), 0755) != 0 && errno != EEXIST) return std::unexpected(system_error(path));
        directory = open_below(directory, name, O_RDONLY | O_DIRECTORY);
        if (!directory) return std::unexpected(system_error(path));
    }
    return directory;
}

Result<Place, FilesRefusal> place_of(const Descriptor& root, std::string_view path, bool make) {
    TRY(names, names_in(path));
    if (names.empty()) return std::unexpected(error(Status::not_a_file, path, "this is the world itself"));
    auto name = std::move(names.back());
    names.pop_back();
    TRY(parent, open_parent(root, names, make, path));
    return Place{.parent = std::move(parent), .name = std::move(name)};
}

Entry entry_of(std::string name, const struct stat& status) {
    Entry entry{.name = std::move(name)};
    if (S_ISREG(status.st_mode)) entry.type = EntryType::file;
    else if (S_ISDIR(status.st_mode)) entry.type = EntryType::directory;
    else if (S_ISLNK(status.st_mode)) entry.type = EntryType::link;
    else entry.type = EntryType::other;
    entry.mode = status.st_mode & 07777;
    entry.size = status.st_size;
    entry.modified_ms = std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000;
    return entry;
}

struct CloseDirectory {
    void operator()(DIR* directory) const { closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

// The names in a directory, without "." and "..". Takes the descriptor's place in the directory from its start.
Result<Names, FilesRefusal> names_below(const Descriptor& directory, std::string_view path) {
    Descriptor own = open_below(directory, ".", O_RDONLY | O_DIRECTORY);
    DirectoryStream stream(own ? fdopendir(own.get()) : nullptr);
    if (!stream) return std::unexpected(system_error(path));
    own.release();
    Names names;
    for (;;) {
        errno = 0;
        const auto* entry = readdir(stream.get());
        if (entry == nullptr && errno != 0) return std::unexpected(system_error(path));
        if (entry == nullptr) return names;
        const std::string_view name = entry->d_name;
        if (name == "." || name == "..") continue;
        if (names.size() == wire::files::entries_max)
            return std::unexpected(error(Status::too_large, path, "there are too many files in this directory"));
        names.emplace_back(name);
    }
}

bool write_all(int file, ByteSpan content) {
    while (!content.empty()) {
        const auto written = ::write(file, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

Result<Success, FilesRefusal> remove_below(const Descriptor& parent, const std::string& name, bool recursive, std::string_view path, int depth);

Result<Success, FilesRefusal> remove_all_in(const Descriptor& directory, std::string_view path, int depth) {
    if (depth > depth_max) return std::unexpected(error(Status::too_large, path, "directories lie too deep within one another"));
    TRY(names, names_below(directory, path));
    for (const auto& name : names) TRY_OK(remove_below(directory, name, true, path, depth));
    return Success{};
}

Result<Success, FilesRefusal> remove_below(const Descriptor& parent, const std::string& name, bool recursive, std::string_view path, int depth) {
    // Whatever the name is turned into between two calls, unlinkat() removes at most the name itself.
    std::minstd_rand coin;
    for (int attempt = 0; attempt < removals_max; ++attempt) {
        // By chance: the kernel lets us and who exchanges a file for a directory take turns, so that any order of ours may always meet the other one.
        const bool as_directory = coin() % 2 == 0;
        if (unlinkat(parent.get(), name.c_str(), as_directory ? AT_REMOVEDIR : 0) == 0 || errno == ENOENT) return Success{};
        if (errno == EISDIR || errno == ENOTDIR) continue;
        if (errno != ENOTEMPTY && errno != EEXIST) return std::unexpected(system_error(path));
        if (!recursive)
            return std::unexpected(error(Status::exists, path, "the directory is not empty; remove it with everything in it by asking so"));
        const auto directory = open_below(parent, name, O_RDONLY | O_DIRECTORY);
        if (directory) TRY_OK(remove_all_in(directory, path, depth + 1));
        else if (errno != ELOOP && errno != ENOTDIR && errno != ENOENT) return std::unexpected(system_error(path));
    }
    return std::unexpected(error(Status::unavailable, path, "somebody keeps changing it: try again"));
}

// Rights that the new file takes over from the one it replaces.
Result<mode_t, FilesRefusal> mode_for(const Place& place, std::string_view path) {
    struct stat status{};
    if (fstatat(place.parent.get(), place.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return mode_t{0644};
        return std::unexpected(system_error(path));
    }
    if (S_ISLNK(status.st_mode)) return std::unexpected(error(Status::escapes, path, "this is a link; links are not followed"));
    if (!S_ISREG(status.st_mode)) return std::unexpected(error(Status::not_a_file, path, "this is no plain file"));
    return status.st_mode & 0777;
}

std::string temporary_name() {
    std::array<unsigned char, 16> random{};
    const auto got = ::getrandom(random.data(), random.size(), 0);
    ASSERT(got == random.size(), "so few bytes come at once");
    std::string name = ".gk-write-";
    for (const auto byte : random) name += fmt::format("{:02x}", byte);
    return name;
}

}  // namespace

Result<ConfinedFiles, FilesRefusal> ConfinedFiles::open(const std::string& directory) {
    Descriptor root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    if (!root) return std::unexpected(system_error(directory));
    return ConfinedFiles(std::move(root));
}

Result<std::vector<Entry>, FilesRefusal> ConfinedFiles::list(std::string_view path) const {
    TRY(parts, names_in(path));
    const auto directory = open_below(root_, below_root(parts), O_RDONLY | O_DIRECTORY);
    if (!directory) return std::unexpected(system_error(path));
    TRY(names, names_below(directory, path));
    std::ranges::sort(names);
    std::vector<Entry> items;
    for (auto& name : names) {
        struct stat status{};
        // What vanished meanwhile is simply not there.
        if (fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) items.push_back(entry_of(std::move(name), status));
    }
    return items;
}

Result<std::vector<std::byte>, FilesRefusal> ConfinedFiles::read(std::string_view path, std::size_t size_max) const {
    TRY(parts, names_in(path));
    const auto file = open_below(root_, below_root(parts), O_RDONLY);
    if (!file) return std::unexpected(system_error(path));
    struct stat status{};
    if (fstat(file.get(), &status) != 0) return std::unexpected(system_error(path));
    if (!S_ISREG(status.st_mode)) return std::unexpected(error(Status::not_a_file, path, "this is no plain file"));
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size > size_max) {
        return std::unexpected(error(Status::too_large, path, fmt::format("{} bytes are more than the {} that may be read at once", size, size_max)));
    }
    // It may have grown or shrunk since; what is read is at most what it was.
    std::vector<std::byte> content(size);
    std::size_t done = 0;
    while (done < size) {
        const auto got = ::read(file.get(), content.data() + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::unexpected(system_error(path));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    content.resize(done);
    return content;
}

Result<Success, FilesRefusal> ConfinedFiles::write(std::string_view path, ByteSpan content) const {
    TRY(place, place_of(root_, path, true));
    TRY(mode, mode_for(place, path));
    const auto temporary = temporary_name();
    const auto give_up = [&]() -> Result<Success, FilesRefusal> {
        auto failed = system_error(path);
        unlinkat(place.parent.get(), temporary.c_str(), 0);
        return std::unexpected(std::move(failed));
    };
    const auto file = open_below(place.parent, temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!file) return std::unexpected(system_error(path));
    if (!write_all(file.get(), content) || fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) return give_up();
    if (renameat(place.parent.get(), temporary.c_str(), place.parent.get(), place.name.c_str()) != 0) return give_up();
    if (fsync(place.parent.get()) != 0) return std::unexpected(system_error(path));
    return Success{};
}

Result<Success, FilesRefusal> ConfinedFiles::remove(std::string_view path, bool recursive) const {
    auto place = place_of(root_, path, false);
    if (!place && place.error().status == Status::not_found) return Success{};
    if (!place) return std::unexpected(std::move(place).error());
    return remove_below(place->parent, place->name, recursive, path, 0);
}

}  // namespace gk::shim
