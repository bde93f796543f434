#include "adapters/sqlite/file_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"

namespace gk::sqlite {
namespace {

StoreError unavailable(std::string detail) { return {StoreError::Kind::unavailable, std::move(detail)}; }

// The process number that the holder has written, for the message only.
std::string holder(int descriptor) {
    std::array<char, 16> text{};
    const auto size = pread(descriptor, text.data(), text.size(), 0);
    return size > 0 ? std::string(trimmed(std::string_view(text.data(), static_cast<std::size_t>(size)))) : "unknown";
}

}  // namespace

Result<FileLock, StoreError> FileLock::take(const std::string& database_path) {
    const auto path = database_path + ".lock";
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return std::unexpected(unavailable(fmt::format("cannot open {}: {}", path, std::strerror(errno))));
    FileLock lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        return std::unexpected(
            unavailable(fmt::format("{} is in use by another gamekeeper (process {}): stop that one first, or give this one another "
                                    "state directory",
                                    database_path, holder(descriptor))));
    }
    const auto number = fmt::format("{}\n", getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, number.data(), number.size(), 0) != static_cast<ssize_t>(number.size())) {
        log::warning("sqlite", "lock file not written", {{"path", path}, {"error", std::strerror(errno)}});
    }
    return lock;
}

FileLock::~FileLock() {
    if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace gk::sqlite
