#include "net/shim/remote_shim.hpp"

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/silence.hpp"

namespace gk::net::shim {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using Reached = Result<Socket, std::string>;

namespace {

constexpr Milliseconds patience{5'000};

Task<Reached> connect(asio::ip::tcp::endpoint endpoint, Silence silence) {
    asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
    error_code error;
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) co_return std::unexpected(error.message());
    notice_silence(socket.native_handle(), silence);
    co_return Socket(std::move(socket));
}

Task<Reached> reach_with(Clock& clock, RemoteShim shim, Silence silence) {
    error_code invalid;
    const auto address = asio::ip::make_address(shim.address, invalid);
    if (invalid) co_return std::unexpected(fmt::format("'{}' is no address of a pod", shim.address));
    const asio::ip::tcp::endpoint endpoint(address, std::to_underlying(shim.port));
    const auto deadline = clock.now() + patience;
    auto connecting = connect(endpoint, silence);
    auto reached = co_await async::with_deadline(clock, deadline, std::move(connecting));
    if (reached && *reached) co_return std::move(**reached);
    const auto why = reached ? reached->error() : "no answer within " + duration_text(patience);
    co_return std::unexpected(fmt::format("the shim at {} port {} cannot be reached: {}", shim.address, std::to_underlying(shim.port), why));
}

}  // namespace

Task<Reached> reach(Clock& clock, RemoteShim shim) { return reach_with(clock, std::move(shim), {}); }

Task<Reached> reach_closely(Clock& clock, RemoteShim shim) {
    return reach_with(clock, std::move(shim), {.asked_about_s = 2, .every_s = 1, .times = 2});
}

}  // namespace gk::net::shim
