#include "shim/system.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>

namespace gk::shim {

namespace {

Milliseconds read_clock(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return Milliseconds(std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000);
}

ShimResult<std::string> read_all(Descriptor fd, std::string_view name, std::size_t size_max) {
    if (!fd) return std::unexpected(system_error(name));
    std::string content;
    char chunk[4096];
    while (content.size() < size_max) {
        const auto count = ::read(fd.get(), chunk, std::min(sizeof chunk, size_max - content.size()));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return std::unexpected(system_error(name));
        if (count == 0) break;
        content.append(chunk, static_cast<std::size_t>(count));
    }
    return content;
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto count = ::write(fd, content.data(), content.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

ShimError system_error(std::string_view what) { return {std::string(what) + ": " + std::strerror(errno)}; }

Milliseconds monotonic_now() { return read_clock(CLOCK_MONOTONIC); }

Time wall_now() {
    static const auto offset = read_clock(CLOCK_REALTIME) - monotonic_now();
    return Time(offset + monotonic_now());
}

ShimResult<std::string> read_file(int folder, const std::string& name, std::size_t size_max) {
    return read_all(Descriptor(::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)), name, size_max);
}

ShimResult<std::string> read_file(const std::string& path, std::size_t size_max) {
    return read_all(Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path, size_max);
}

ShimResult<Success> write_file_durably(int folder, const std::string& name, std::string_view content) {
    const auto beside = name + ".new";
    Descriptor file(::openat(folder, beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!file || !write_all(file.get(), content) || ::fsync(file.get()) != 0) return std::unexpected(system_error(beside));
    if (::renameat(folder, beside.c_str(), folder, name.c_str()) != 0 || ::fsync(folder) != 0) return std::unexpected(system_error(name));
    return Success{};
}

ShimResult<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(system_error("pipe"));
    return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void set_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace gk::shim
