#include "programs/edge/kept_table.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "net/json/json.hpp"

namespace gk::programs {
namespace {

constexpr std::string_view table_file = "/routes.json";
constexpr std::string_view faces_file = "/faces.json";
constexpr std::string_view lock_file = "/lock";
constexpr net::JsonLimits table_limits{.depth = 32, .size = 64 << 20};

std::unexpected<std::string> failed(std::string_view what, const std::string& path) {
    return std::unexpected(fmt::format("{} {}: {}", path, what, std::strerror(errno)));
}

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto wrote = ::write(fd, text.data(), text.size());
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(wrote));
    }
    return true;
}

// Nothing when there is no such file.
template <class T>
Result<std::optional<T>, std::string> read_document(const std::string& file) {
    TRY(document, read_kept_file(file));
    if (!document) return std::nullopt;
    Errors errors;
    T out;
    if (decode(*document, "", errors, out)) return out;
    return std::unexpected(fmt::format("{}: {}: {}", file, errors.list().front().pointer, errors.list().front().detail));
}

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

Result<EdgeFolder, std::string> EdgeFolder::open(std::string path) {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return std::unexpected(fmt::format("{} cannot be made: {}", path, error.message()));
    EdgeFolder folder(std::move(path));
    const auto file = folder.path_ + std::string(lock_file);
    folder.lock_ = Descriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!folder.lock_) return failed("cannot be opened", file);
    return folder;
}

bool EdgeFolder::lock(bool waits) {
    const auto pid = std::to_string(::getpid());
    auto lock = whole_file();
    int result = -1;
    do result = ::fcntl(lock_.get(), waits ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    while (result != 0 && errno == EINTR);
    if (result != 0) return false;
    // For people, and for whoever is to end it. The lock is what counts.
    return ::ftruncate(lock_.get(), 0) == 0 && ::pwrite(lock_.get(), pid.data(), pid.size(), 0) == static_cast<ssize_t>(pid.size());
}

bool EdgeFolder::is_taken() const {
    auto lock = whole_file();
    return ::fcntl(lock_.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

std::optional<pid_t> EdgeFolder::holder() const {
    std::array<char, 16> text{};
    const auto size = ::pread(lock_.get(), text.data(), text.size(), 0);
    pid_t pid = 0;
    if (size <= 0 || std::from_chars(text.data(), text.data() + size, pid).ec != std::errc()) return std::nullopt;
    return pid;
}

Result<std::optional<wake::RouteTable>, std::string> EdgeFolder::table() const {
    return read_document<wake::RouteTable>(path_ + std::string(table_file));
}

Result<Success, std::string> EdgeFolder::keep(const wake::RouteTable& table) const {
    return keep_file(path_ + std::string(table_file), to_json(document_of(table)));
}

Result<wake::SeenFaces, std::string> EdgeFolder::faces() const {
    TRY(kept, read_document<wake::SeenFaces>(path_ + std::string(faces_file)));
    return kept ? std::move(*kept) : wake::SeenFaces();
}

Result<Success, std::string> EdgeFolder::keep(const wake::SeenFaces& faces) const {
    return keep_file(path_ + std::string(faces_file), to_json(document_of(faces)));
}

Result<Success, std::string> keep_file(const std::string& file, std::string_view text) {
    const auto fresh = file + ".new";
    const Descriptor out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out || !write_all(out.get(), text) || ::fsync(out.get()) != 0) return failed("cannot be written", fresh);
    if (std::rename(fresh.c_str(), file.c_str()) != 0) return failed("cannot be put in its place", fresh);
    const auto path = std::filesystem::path(file).parent_path().string();
    const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return failed("cannot be synchronised", path);
    return Success{};
}

Result<std::optional<Value>, std::string> read_kept_file(const std::string& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return std::nullopt;
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in) return std::unexpected(fmt::format("{} cannot be read", file));
    auto document = net::parse_json(text, table_limits);
    if (!document) return std::unexpected(fmt::format("{}:{}: {}", file, document.error().line, document.error().message));
    return std::move(*document);
}

}  // namespace gk::programs
