#include "net/http/transport.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gk::net {
namespace asio = boost::asio;
namespace {

using boost::system::error_code;

class SocketTransport final : public Transport {
public:
    SocketTransport(StreamSocket socket, Peer peer) : socket_(std::move(socket)), peer_(std::move(peer)) {
        error_code ignored;  // Without it a write would block, which the kernel refuses only for bad descriptors.
        socket_.non_blocking(true, ignored);
    }

    Task<ReadResult> read_some(std::span<char> into) override {
        ReadResult result;
        const auto buffer = asio::buffer(into.data(), into.size());
        result.bytes = co_await socket_.async_read_some(buffer, asio::redirect_error(asio::use_awaitable, result.error));
        if (result.error == asio::error::eof) result.error = {};
        co_return result;
    }

    // Nearly every reply fits into the socket's buffer, so the write is tried before anything is suspended.
    Task<error_code> write_all(std::string_view first, std::string_view second) override {
        std::array<asio::const_buffer, 2> rest{asio::buffer(first), asio::buffer(second)};
        for (;;) {
            error_code error;
            const auto written = socket_.write_some(rest, error);
            if (error && error != asio::error::would_block && error != asio::error::try_again) co_return error;
            advance(rest, written);
            if (rest[0].size() + rest[1].size() == 0) co_return error_code();
            co_await socket_.async_wait(StreamSocket::wait_write, asio::redirect_error(asio::use_awaitable, error));
            if (error) co_return error;
        }
    }

    void cancel() override {
        error_code ignored;
        socket_.cancel(ignored);
    }
    Task<void> shutdown_send() override {
        error_code ignored;
        socket_.shutdown(StreamSocket::shutdown_send, ignored);
        co_return;
    }
    void close() override {
        error_code ignored;
        socket_.close(ignored);
    }
    const Peer& peer() const override { return peer_; }

private:
    static void advance(std::array<asio::const_buffer, 2>& rest, std::size_t written) {
        const auto from_first = std::min(written, rest[0].size());
        rest[0] += from_first;
        rest[1] += written - from_first;
    }

    StreamSocket socket_;
    Peer peer_;
};

}  // namespace

std::unique_ptr<Transport> make_socket_transport(StreamSocket socket, Peer peer) {
    return std::make_unique<SocketTransport>(std::move(socket), std::move(peer));
}

}  // namespace gk::net
