#include "net/shim/remote_shim.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::net::shim {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Reached = Result<Socket, std::string>;

namespace {

constexpr Milliseconds patience{5'000};

// A node that dies says nothing: silence is asked about after 10 s, and believed to be the end after 30.
void notice_silence(int socket) {
    const int on = 1, idle_s = 10, every_s = 5, times = 4;
    const unsigned unsent_ms = 30'000;
    ::setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof every_s);
    ::setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof times);
    ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms, sizeof unsent_ms);
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Task<Reached> connect(asio::ip::tcp::endpoint endpoint) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    error_code error;
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return std::unexpected(error.message());
    notice_silence(socket.native_handle());
    co_return Socket(std::move(socket));
}

}  // namespace

Task<Reached> reach(Clock& clock, RemoteShim shim) {
    error_code invalid;
    const auto address = asio::ip::make_address(shim.address, invalid);
    if (invalid) co_return std::unexpected(fmt::format("'{}' is no address of a pod", shim.address));
    const asio::ip::tcp::endpoint endpoint(address, std::to_underlying(shim.port));
    const auto deadline = clock.now() + patience;
    auto connecting = connect(endpoint);
    auto reached = co_await async::with_deadline(clock, deadline, std::move(connecting));
    if (reached && *reached) co_return std::move(**reached);
    const auto why = reached ? reached->error() : "no answer within " + duration_text(patience);
    co_return std::unexpected(fmt::format("the shim at {} port {} cannot be reached: {}", shim.address, std::to_underlying(shim.port), why));
}

}  // namespace gk::net::shim
