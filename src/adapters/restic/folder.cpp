#include "adapters/restic/folder.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <span>
#include <sstream>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/text.hpp"
#include "tls/digest.hpp"

namespace gk::restic {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t read_size = std::size_t{1} << 20;

// Closes the descriptor.
class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const { return number_; }
    bool is_open() const { return number_ >= 0; }

private:
    int number_;
};

std::unexpected<VaultError> failed(VaultError::Kind kind, std::string detail) { return std::unexpected(VaultError{kind, std::move(detail)}); }

std::unexpected<VaultError> unavailable(std::string_view what, const fs::path& path, int error) {
    return failed(VaultError::Kind::unavailable, fmt::format("{} {}: {}", what, path.string(), std::strerror(error)));
}

// The SHA-256 of what can be read from the descriptor; an errno when reading fails.
Result<std::string, int> hash_of(int descriptor) {
    std::vector<std::byte> buffer(read_size);
    tls::Sha256Stream stream;
    for (;;) {
        const auto count = ::read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(errno);
        if (count == 0) return tls::hex(stream.finish());
        stream.add(std::span(buffer).first(static_cast<std::size_t>(count)));
    }
}

bool write_all(int descriptor, std::string_view content) {
    while (!content.empty()) {
        const auto count = ::write(descriptor, content.data(), content.size());
        if (count < 0 && errno != EINTR) return false;
        if (count > 0) content.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

Result<Success, VaultError> sync_folder(const fs::path& folder) {
    const Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory.is_open() || ::fsync(directory.number()) != 0) return unavailable("cannot sync the folder", folder, errno);
    return Success{};
}

Result<Success, VaultError> write_synced(const fs::path& file, std::string_view content) {
    const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out.is_open() || !write_all(out.number(), content) || ::fsync(out.number()) != 0) return unavailable("cannot write", file, errno);
    return Success{};
}

}  // namespace

Result<Names, VaultError> list_names(const fs::path& repository, std::string_view kind) {
    Names names;
    std::error_code error;
    for (fs::recursive_directory_iterator at(repository / kind, error), end; !error && at != end; at.increment(error)) {
        auto name = at->path().filename().string();
        if (is_hash_name(name)) names.insert(std::move(name));
    }
    if (error && error != std::errc::no_such_file_or_directory) return unavailable("cannot read the repository", repository / kind, error.value());
    return names;
}

Result<bool, VaultError> is_there(const fs::path& path) {
    std::error_code error;
    const auto status = fs::symlink_status(path, error);
    if (status.type() == fs::file_type::not_found) return false;
    if (error) return unavailable("cannot look at", path, error.value());
    return true;
}

fs::path path_of(const fs::path& repository, std::string_view kind, const std::string& name) {
    const auto folder = repository / kind;
    return kind == "data" ? folder / name.substr(0, 2) / name : folder / name;
}

Result<Success, VaultError> check_file(const fs::path& repository, std::string_view kind, const std::string& name) {
    const auto path = path_of(repository, kind, name);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open())
        return failed(VaultError::Kind::corrupt, fmt::format("{} of the repository cannot be opened: {}", path.string(), std::strerror(errno)));
    // What was written a moment ago would come from memory; dropping it there makes the next read a read of the disk.
    ::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);
    const auto hash = hash_of(file.number());
    if (!hash)
        return failed(VaultError::Kind::corrupt, fmt::format("{} of the repository cannot be read: {}", path.string(), std::strerror(hash.error())));
    if (*hash != name)
        return failed(VaultError::Kind::corrupt, fmt::format("{} of the repository has changed: its content has the hash {}", path.string(), *hash));
    return Success{};
}

Result<Success, VaultError> check_files(const fs::path& repository, std::string_view kind, const Names& names) {
    for (const auto& name : names) TRY_OK(check_file(repository, kind, name));
    return Success{};
}

Result<Success, VaultError> probe_folder(const fs::path& folder, std::int64_t free_min_bytes) {
    struct statvfs space{};
    if (::statvfs(folder.c_str(), &space) != 0) return unavailable("cannot look at the vault's folder", folder, errno);
    const auto free_bytes = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
    if (free_bytes < static_cast<std::uint64_t>(free_min_bytes)) {
        return failed(VaultError::Kind::unavailable, fmt::format("the disk of the vault {} has only {} left; free some space or move the vault",
                                                                 folder.string(), size_text(free_bytes)));
    }
    const auto file = folder / fmt::format(".probe-{}", ::getpid());
    const std::string content(4096, 'p');
    auto written = write_synced(file, content);
    const bool same = written && read_file(file) == content;
    ::unlink(file.c_str());
    if (!written) return written;
    if (!same)
        return failed(VaultError::Kind::unavailable,
                      fmt::format("what is written to the vault {} reads back differently; check its disk", folder.string()));
    return Success{};
}

Result<bool, VaultError> locks_are_dead(const fs::path& repository) {
    const auto now_file = repository / "gamekeeper.now";
    TRY_OK(write_synced(now_file, "now"));
    std::error_code error;
    const auto now = fs::last_write_time(now_file, error);
    ::unlink(now_file.c_str());
    bool dead = !error;
    for (fs::directory_iterator at(repository / "locks", error), end; dead && !error && at != end; at.increment(error)) {
        dead = now - fs::last_write_time(at->path(), error) > lock_age_max;
    }
    return dead && !error;
}

Result<Success, VaultError> remove_lock(const fs::path& repository, const std::string& id) {
    const auto lock = repository / "locks" / id;
    if (::unlink(lock.c_str()) != 0 && errno != ENOENT) return unavailable("cannot remove the lock", lock, errno);
    return Success{};
}

Result<Success, VaultError> make_folder(const fs::path& folder) {
    std::error_code error;
    const bool made = fs::create_directories(folder, error);
    if (made) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return unavailable("cannot make the folder", folder, error.value());
    return Success{};
}

Result<Success, VaultError> rename_folder(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return unavailable("cannot put a repository in its place:", to, error.value());
    return sync_folder(to.parent_path());
}

Result<Success, VaultError> remove_folder(const fs::path& folder) {
    std::error_code error;
    fs::remove_all(folder, error);
    if (error) return unavailable("cannot remove", folder, error.value());
    return Success{};
}

Result<Success, VaultError> write_file(const fs::path& file, std::string_view content) {
    auto beside = file;
    beside += ".new";
    TRY_OK(write_synced(beside, content));
    if (::rename(beside.c_str(), file.c_str()) != 0) return unavailable("cannot write", file, errno);
    return sync_folder(file.parent_path());
}

std::string read_file(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    return content.str();
}

}  // namespace gk::restic
