#include "adapters/shim/log_watch.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace gk::shim {

namespace fs = std::filesystem;

namespace {

constexpr int no_watch = -1;
// Lines are written, files rotated. The end of the folder itself (its server was deleted) is told unasked.
constexpr std::uint32_t interest = IN_MODIFY | IN_CREATE | IN_DELETE_SELF | IN_ONLYDIR;

std::unexpected<RuntimeError> fail(const std::string& what, int error, std::string_view limit) {
    const bool exhausted = error == ENOSPC || error == EMFILE || error == ENFILE || error == ENOMEM;
    const auto why = std::generic_category().message(error);
    return std::unexpected(RuntimeError{exhausted ? RuntimeError::Kind::exhausted : RuntimeError::Kind::unavailable,
                                        exhausted ? fmt::format("{}: {}; raise {}", what, why, limit) : fmt::format("{}: {}", what, why)});
}

}  // namespace

struct LogWatch::Folder {
    Folder(std::shared_ptr<LogWatch> watching, fs::path where) : owner(std::move(watching)), path(std::move(where)), followers(owner->loop_) {}
    ~Folder() { owner->forget(*this); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    std::shared_ptr<LogWatch> owner;
    fs::path path;
    int watch = no_watch;
    async::Watchers<> followers;
};

Result<std::shared_ptr<void>, RuntimeError> LogWatch::follow(const fs::path& folder, std::function<void()> grown) {
    TRY_OK(open());
    TRY(followed, folder_of(folder));
    using Following = std::pair<std::shared_ptr<Folder>, std::shared_ptr<void>>;
    auto handle = followed->followers.add(std::move(grown));
    return std::make_shared<Following>(followed, std::move(handle));
}

Result<std::shared_ptr<LogWatch::Folder>, RuntimeError> LogWatch::folder_of(const fs::path& path) {
    if (const auto known = folders_.find(path); known != folders_.end()) return known->second.lock();
    auto folder = std::make_shared<Folder>(shared_from_this(), path);
    folders_[path] = folder;
    TRY_OK(attach(*folder));
    return folder;
}

void LogWatch::appeared(const fs::path& folder) {
    const auto known = folders_.find(folder);
    if (known == folders_.end()) return;
    const auto followed = known->second.lock();
    // What cannot be watched has told its first follower so; this one is woken once, and then by the next start.
    (void)attach(*followed);
    followed->followers.notify();
}

Result<Success, RuntimeError> LogWatch::open() {
    if (notices_.is_open()) return Success{};
    const int instance = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (instance < 0) return fail("a log cannot be followed", errno, "fs.inotify.max_user_instances");
    notices_.assign(instance);
    wait();
    return Success{};
}

Result<Success, RuntimeError> LogWatch::attach(Folder& folder) {
    if (folder.watch != no_watch) return Success{};
    folder.watch = ::inotify_add_watch(notices_.native_handle(), folder.path.c_str(), interest);
    // EACCES: a shim that is just starting has not handed it to us yet.
    if (folder.watch != no_watch || errno == ENOENT || errno == EACCES) return Success{};
    return fail(fmt::format("the log {} cannot be followed", folder.path.string()), errno, "fs.inotify.max_user_watches");
}

void LogWatch::forget(const Folder& folder) {
    if (folder.watch != no_watch) ::inotify_rm_watch(notices_.native_handle(), folder.watch);
    folders_.erase(folder.path);
}

void LogWatch::wait() {
    notices_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->read_notices();
        self->wait();
    });
}

void LogWatch::read_notices() {
    alignas(inotify_event) std::array<char, 16 * 1024> bytes;
    for (;;) {
        const auto count = ::read(notices_.native_handle(), bytes.data(), bytes.size());
        if (count <= 0) return;
        for (ssize_t at = 0; at < count;) {
            inotify_event notice{};
            std::memcpy(&notice, bytes.data() + at, sizeof notice);
            wake(notice.wd, notice.mask);
            at += static_cast<ssize_t>(sizeof notice) + notice.len;
        }
    }
}

void LogWatch::wake(int watch, std::uint32_t what) {
    for (const auto& [path, known] : folders_) {
        const auto folder = known.lock();
        // Notices were lost: everybody looks.
        const bool meant = folder->watch == watch || (what & IN_Q_OVERFLOW) != 0;
        if (!meant) continue;
        if ((what & IN_IGNORED) != 0) folder->watch = no_watch;  // The folder is gone; a later run makes another one.
        folder->followers.notify();
    }
}

}  // namespace gk::shim
