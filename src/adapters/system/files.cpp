#include "adapters/system/files.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/descriptor.hpp"

namespace asio = boost::asio;

namespace gk::system {
namespace {

using Kind = FilesError::Kind;
using Socket = asio::local::stream_protocol::socket;
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
    auto descriptor = co_await open_(server);
    if (!descriptor) {
        const bool no_disk = descriptor.error().kind == RuntimeError::Kind::not_found;
        co_return std::unexpected(FilesError{no_disk ? Kind::not_found : Kind::unavailable, descriptor.error().detail});
    }
    auto exchanging = exchange(*descriptor, std::move(request));
    const auto deadline = clock_.now() + patience;
    auto reply = co_await async::with_deadline(clock_, deadline, std::move(exchanging));
    if (!reply) co_return std::unexpected(unavailable("the disk of this world does not answer"));
    co_return std::move(*reply);
}

}  // namespace gk::system
