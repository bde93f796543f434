#include "adapters/system/files.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "adapters/system/files_protocol.hpp"
#include "async/deadline.hpp"
#include "base/descriptor.hpp"

namespace asio = boost::asio;

namespace gk::system {
namespace {

using Kind = FilesError::Kind;
using Socket = asio::local::stream_protocol::socket;
using wire::files::Operation;
using wire::files::Reply;
using wire::files::Request;
using Exchanged = Result<Reply, FilesError>;

constexpr auto patience = std::chrono::seconds(60);  // For one call; a disk that hangs must not hold its caller.

FilesError unavailable(std::string detail) { return {Kind::unavailable, std::move(detail)}; }

// Throws boost::system::system_error, as Asio does.
Task<Exchanged> exchange_frames(Socket& socket, const std::vector<std::byte>& request) {
    const auto out = asio::buffer(request);
    co_await asio::async_write(socket, out, asio::use_awaitable);
    std::array<std::byte, wire::files::length_size> length{};
    const auto length_in = asio::buffer(length);
    co_await asio::async_read(socket, length_in, asio::use_awaitable);
    const auto size = wire::files::parse_length(length);
    if (!size) co_return std::unexpected(unavailable("the files of this world cannot be served: the reply is too long"));
    std::vector<std::byte> body(*size);
    const auto body_in = asio::buffer(body);
    co_await asio::async_read(socket, body_in, asio::use_awaitable);
    auto reply = wire::files::parse_reply(body);
    if (!reply) {
        const auto why = fmt::format("the files of this world cannot be served: the reply is {}", name_of(reply.error()));
        co_return std::unexpected(unavailable(why));
    }
    co_return std::move(*reply);
}

Task<Exchanged> exchange(int descriptor, Request request) {
    Descriptor owned(descriptor);
    const auto frame = wire::files::to_frame(request);
    const auto executor = co_await asio::this_coro::executor;
    Socket socket(executor);
    std::string failed;
    try {
        socket.assign(asio::local::stream_protocol(), owned.get());
        owned.release();
        co_return co_await exchange_frames(socket, frame);
    } catch (const boost::system::system_error& error) {
        if (error.code() == asio::error::operation_aborted) throw;
        failed = error.code().message();
    }
    co_return std::unexpected(unavailable("the process that serves the files of this world ended early: " + failed));
}

}  // namespace

Files::Answer<Reply> SystemFiles::ask(ServerUid server, Request request) {
    if (request.path.size() > wire::files::path_size_max) {
        co_return std::unexpected(FilesError{Kind::escapes, "this path is too long to name anything in the world"});
    }
    auto descriptor = co_await open_(server);
    if (!descriptor) {
        const bool no_disk = descriptor.error().kind == RuntimeError::Kind::not_found;
        co_return std::unexpected(FilesError{no_disk ? Kind::not_found : Kind::unavailable, descriptor.error().detail});
    }
    auto exchanging = exchange(*descriptor, std::move(request));
    const auto deadline = clock_.now() + patience;
    auto reply = co_await async::with_deadline(clock_, deadline, std::move(exchanging));
    if (!reply) co_return std::unexpected(unavailable("the disk of this world does not answer"));
    if (!*reply) co_return std::unexpected(std::move(*reply).error());
    if ((*reply)->status != wire::files::Status::done) {
        co_return std::unexpected(FilesError{to_kind((*reply)->status), (*reply)->detail});
    }
    co_return std::move(**reply);
}

Files::Answer<std::vector<FileInfo>> SystemFiles::list(ServerUid server, std::string path) {
    Request request{.operation = Operation::list, .path = std::move(path), .content = {}};
    auto reply = co_await ask(server, std::move(request));
    if (!reply) co_return std::unexpected(std::move(reply).error());
    std::vector<FileInfo> items;
    for (const auto& entry : reply->entries) items.push_back(to_info(entry));
    co_return items;
}

Files::Answer<std::vector<std::byte>> SystemFiles::read(ServerUid server, std::string path, std::size_t size_max) {
    Request request{.operation = Operation::read, .size_max = size_max, .path = std::move(path), .content = {}};
    auto reply = co_await ask(server, std::move(request));
    if (!reply) co_return std::unexpected(std::move(reply).error());
    co_return std::move(reply->content);
}

Files::Answer<Success> SystemFiles::write(ServerUid server, std::string path, std::vector<std::byte> content) {
    if (content.size() > wire::files::content_size_max) {
        const auto why = fmt::format("{}: more than {} bytes cannot be written at once; use SFTP", path, wire::files::content_size_max);
        co_return std::unexpected(FilesError{Kind::too_large, why});
    }
    Request request{.operation = Operation::write, .path = std::move(path), .content = std::move(content)};
    const auto reply = co_await ask(server, std::move(request));
    if (!reply) co_return std::unexpected(reply.error());
    co_return Success{};
}

Files::Answer<Success> SystemFiles::remove(ServerUid server, std::string path, bool recursive) {
    Request request{.operation = Operation::remove, .recursive = recursive, .path = std::move(path), .content = {}};
    const auto reply = co_await ask(server, std::move(request));
    if (!reply) co_return std::unexpected(reply.error());
    co_return Success{};
}

}  // namespace gk::system
