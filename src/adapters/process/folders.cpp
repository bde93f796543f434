#include "adapters/process/folders.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace gk::process {

namespace asio = boost::asio;
namespace fs = std::filesystem;

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string text) { return std::unexpected(RuntimeError{kind, std::move(text)}); }

namespace {

std::unexpected<RuntimeError> fail_as(const std::error_code& error, std::string_view tried) {
    const bool full = error == std::errc::no_space_on_device;
    return fail(full ? RuntimeError::Kind::exhausted : RuntimeError::Kind::unavailable, fmt::format("{}: {}", tried, error.message()));
}

}  // namespace

std::unexpected<RuntimeError> fail_errno(std::string_view tried) { return fail_as(std::error_code(errno, std::generic_category()), tried); }

Result<Success, RuntimeError> make_folder(const fs::path& path, fs::perms mode) {
    std::error_code error;
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, mode, error);
    if (error) return fail_as(error, fmt::format("folder {} could not be made", path.string()));
    return Success{};
}

Result<Success, RuntimeError> remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) return fail_as(error, fmt::format("{} could not be removed", path.string()));
    return Success{};
}

Result<Success, RuntimeError> move_folder(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error) return fail_as(error, fmt::format("{} could not become {}", from.string(), to.string()));
    return Success{};
}

Result<Success, RuntimeError> write_private(const fs::path& path, std::string_view text) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return fail_errno(fmt::format("{} could not be made", path.string()));
    const auto count = ::write(fd, text.data(), text.size());
    ::close(fd);
    if (count != static_cast<ssize_t>(text.size())) return fail_errno(fmt::format("{} could not be written", path.string()));
    return Success{};
}

Task<std::uint64_t> tree_bytes(fs::path path) {
    const auto loop = co_await asio::this_coro::executor;
    constexpr int files_per_turn = 256;
    std::uint64_t sum = 0;
    int looked_at = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        struct stat info{};  // The game may remove what we look at.
        if (::lstat(entry->path().c_str(), &info) == 0) sum += static_cast<std::uint64_t>(info.st_blocks) * 512;
        if (++looked_at % files_per_turn == 0) co_await asio::post(loop, asio::use_awaitable);
    }
    co_return sum;
}

Workplace::~Workplace() {
    std::error_code ignored;
    fs::remove_all(place_ / "record", ignored);
    fs::remove_all(temporary(), ignored);
}

Result<Success, RuntimeError> Workplace::furnish(const std::map<std::string, std::string>& files) const {
    TRY_OK(make_folder(temporary(), fs::perms::owner_all));
    TRY_OK(make_folder(place_ / "record", fs::perms::owner_all));
    for (const auto& [name, content] : files) {
        if (name.empty() || name == "." || name == ".." || name.contains('/')) {
            return fail(RuntimeError::Kind::invalid, fmt::format("\"{}\" is no plain file name", name));
        }
        TRY_OK(write_private(place_ / "record" / name, content));
    }
    return Success{};
}

}  // namespace gk::process
