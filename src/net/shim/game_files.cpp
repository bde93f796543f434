#include "net/shim/game_files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "async/off_loop.hpp"
#include "base/descriptor.hpp"
#include "net/shim/conversation.hpp"
#include "wire/shim/game_files.hpp"

namespace gk::net::shim {
namespace {

namespace fs = std::filesystem;
using Part = wire::shim::GameFilesPart;
using Reply = wire::shim::GameFilesReply;
using Done = Result<Success, RuntimeError>;

constexpr std::chrono::minutes bringing_patience{5};

std::unexpected<RuntimeError> fail(RuntimeError::Kind kind, std::string detail) { return std::unexpected(RuntimeError{kind, std::move(detail)}); }
std::unexpected<RuntimeError> lost(const std::string& why) {
    return fail(RuntimeError::Kind::unavailable, "the game's files did not come to the pod: " + why);
}
std::unexpected<RuntimeError> unreadable(const std::string& what, const std::string& why) {
    return fail(RuntimeError::Kind::unavailable, fmt::format("the game's files cannot be read here: {}: {}", what, why));
}

struct Found {
    std::string path;
    std::string target;  // Of a link.
    bool is_link = false;
    bool is_executable = false;
};

Result<std::vector<Found>, RuntimeError> find_all(const fs::path& folder) {
    std::vector<Found> all;
    std::error_code failed;
    for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
        const auto status = at->symlink_status(failed);
        if (failed) break;
        const auto path = at->path().lexically_relative(folder).string();
        if (fs::is_symlink(status)) all.push_back({.path = path, .target = fs::read_symlink(at->path(), failed).string(), .is_link = true});
        else if (fs::is_regular_file(status))
            all.push_back({.path = path, .target = {}, .is_executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none});
    }
    if (failed) return unreadable(folder.string(), failed.message());
    return all;
}

Result<std::string, RuntimeError> next_bytes(const Descriptor& file, const std::string& path) {
    std::string bytes(wire::shim::game_part_size_max, '\0');
    const auto count = ::read(file.get(), bytes.data(), bytes.size());
    if (count < 0) return unreadable(path, std::strerror(errno));
    bytes.resize(static_cast<std::size_t>(count));
    return bytes;
}

Task<Done> say(Conversation& with, Part part) {
    auto bytes = wire::shim::encode(part);
    const auto said = co_await with.say(std::move(bytes));
    if (!said) co_return lost(said.error());
    co_return Success{};
}

Task<Result<Reply, RuntimeError>> hear(Conversation& with) {
    for (;;) {
        auto framed = wire::shim::read_game_files_reply(with.heard());
        if (!framed) co_return lost("the shim speaks another protocol");
        if (framed->message) {
            with.drop(framed->size);
            co_return std::move(*framed->message);
        }
        const auto heard = co_await with.hear();
        if (!heard) co_return lost(heard.error());
    }
}

Done judged(const Reply& reply, Reply::Kind wanted) {
    if (reply.kind == wanted) return Success{};
    if (reply.kind == Reply::Kind::full)
        return fail(RuntimeError::Kind::exhausted, "the world's disk has no room for the game's files: " + reply.detail);
    return lost(reply.detail.empty() ? "the shim answers something else" : reply.detail);
}

Task<Done> send_file(Conversation& with, boost::asio::thread_pool& disk, const std::string& folder, Found found) {
    const auto path = folder + "/" + found.path;
    Part head{.kind = found.is_link ? Part::Kind::link : Part::Kind::file, .text = found.path, .more = found.target};
    head.is_executable = found.is_executable;
    CO_TRY_OK(co_await say(with, std::move(head)));
    if (found.is_link) co_return Success{};
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) co_return unreadable(path, std::strerror(errno));
    for (;;) {
        auto reading = [&file, &path] { return next_bytes(file, path); };
        CO_TRY(bytes, co_await async::off_loop(disk, std::move(reading)));
        if (bytes.empty()) co_return Success{};
        Part part{.kind = Part::Kind::part, .text = {}, .more = std::move(bytes)};
        CO_TRY_OK(co_await say(with, std::move(part)));
    }
}

Task<Done> send_all(Conversation& with, boost::asio::thread_pool& disk, std::string folder) {
    auto finding = [&folder] { return find_all(folder); };
    CO_TRY(all, co_await async::off_loop(disk, std::move(finding)));
    for (auto& found : all) CO_TRY_OK(co_await send_file(with, disk, folder, std::move(found)));
    Part end{.kind = Part::Kind::end, .text = {}, .more = {}};
    CO_TRY_OK(co_await say(with, std::move(end)));
    CO_TRY(reply, co_await hear(with));
    co_return judged(reply, Reply::Kind::stored);
}

Task<Done> bring(Clock& clock, RemoteFiles::Place place, boost::asio::thread_pool& disk, std::string folder) {
    auto socket = co_await reach(clock, place.shim);
    if (!socket) co_return lost(socket.error());
    Conversation with(std::move(*socket), place.shim.key);
    const auto asked = co_await with.ask_for(wire::shim::Op::game_files, place.epoch);
    if (!asked) co_return lost(asked.error());
    Part begin{.kind = Part::Kind::begin, .text = fs::path(folder).filename().string(), .more = {}};
    CO_TRY_OK(co_await say(with, std::move(begin)));
    CO_TRY(reply, co_await hear(with));
    if (reply.kind == Reply::Kind::present) co_return Success{};
    CO_TRY_OK(judged(reply, Reply::Kind::wanted));
    co_return co_await send_all(with, disk, std::move(folder));
}

}  // namespace

Asked<Success> bring_game_files(Clock& clock, RemoteFiles::Place place, boost::asio::thread_pool& disk, std::string folder) {
    auto bringing = bring(clock, std::move(place), disk, std::move(folder));
    const auto deadline = clock.now() + bringing_patience;
    auto brought = co_await async::with_deadline(clock, deadline, std::move(bringing));
    if (brought) co_return std::move(*brought);
    co_return lost(fmt::format("they did not come within {}", duration_text(bringing_patience)));
}

}  // namespace gk::net::shim
