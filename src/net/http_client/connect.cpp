#include "net/http_client/connect.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "net/http/tls_transport.hpp"

namespace gk::net {
namespace asio = boost::asio;
namespace {

using asio::ip::tcp;
using boost::system::error_code;

NetError connect_error(const Remote& remote, const error_code& error) {
    const bool nobody = error == asio::error::connection_refused || error.value() == ENOENT;
    if (nobody) return {NetError::Kind::refused, fmt::format("nobody listens on {}", remote.text())};
    if (error == asio::error::access_denied) return {NetError::Kind::invalid, fmt::format("no right to use {}", remote.text())};
    return {NetError::Kind::unavailable, fmt::format("cannot connect to {}: {}", remote.text(), error.message())};
}

// A peer that has gone without a word is noticed after a minute, also by whoever only reads.
void keep_alive(StreamSocket& socket) {
    struct Option {
        int level;
        int name;
        int value;
    };
    for (const auto& [level, name, value] : {Option{SOL_SOCKET, SO_KEEPALIVE, 1}, Option{IPPROTO_TCP, TCP_KEEPIDLE, 30},
                                             Option{IPPROTO_TCP, TCP_KEEPINTVL, 10}, Option{IPPROTO_TCP, TCP_KEEPCNT, 3}}) {
        ::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
    }
}

Task<Result<std::unique_ptr<Transport>, NetError>> connect_socket(asio::any_io_executor executor, const Remote& remote) {
    StreamSocket socket(executor);
    error_code error;
    if (!remote.unix_path.empty()) {
        const asio::generic::stream_protocol::endpoint at(asio::local::stream_protocol::endpoint(remote.unix_path));
        co_await socket.async_connect(at, asio::redirect_error(asio::use_awaitable, error));
        if (error) co_return std::unexpected(connect_error(remote, error));
        co_return make_socket_transport(std::move(socket), Peer());
    }
    tcp::resolver resolver(executor);
    const auto service = std::to_string(remote.port);
    const auto found = co_await resolver.async_resolve(remote.host, service, asio::redirect_error(asio::use_awaitable, error));
    for (const auto& entry : found) {
        error_code ignored;
        socket.close(ignored);
        const asio::generic::stream_protocol::endpoint at(entry.endpoint());
        co_await socket.async_connect(at, asio::redirect_error(asio::use_awaitable, error));
        if (error) continue;
        socket.set_option(tcp::no_delay(true), ignored);
        keep_alive(socket);
        co_return make_socket_transport(std::move(socket), Peer());
    }
    co_return std::unexpected(connect_error(remote, error));
}

}  // namespace

std::string Remote::text() const {
    if (!unix_path.empty()) return "unix:" + unix_path;
    const auto* scheme = is_tls ? "https" : "http";
    return host.find(':') == std::string::npos ? fmt::format("{}://{}:{}", scheme, host, port) : fmt::format("{}://[{}]:{}", scheme, host, port);
}

Result<Remote, std::string> parse_remote(std::string_view text) {
    Remote remote;
    if (text.starts_with("unix:")) {
        TRY(endpoint, parse_endpoint(text));
        remote.host = "localhost";
        remote.unix_path = endpoint.path;
        return remote;
    }
    remote.is_tls = text.starts_with("https://");
    if (!remote.is_tls && !text.starts_with("http://"))
        return std::unexpected(fmt::format("'{}' is no address of a server; write http://HOST:PORT, https://HOST or unix:PATH", text));
    auto authority = text.substr(text.find("//") + 2);
    if (authority.ends_with('/')) authority.remove_suffix(1);
    const bool has_port = authority.rfind(':') != std::string_view::npos && !authority.ends_with(']');
    const auto host = authority.substr(0, has_port ? authority.rfind(':') : authority.size());
    const std::string_view usual_port = remote.is_tls ? "443" : "80";
    // The endpoint parser checks the port; the host may be a name, which it does not know.
    TRY(endpoint, parse_endpoint(fmt::format("127.0.0.1:{}", has_port ? authority.substr(host.size() + 1) : usual_port)));
    remote.port = endpoint.port;
    remote.host = host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
    if (remote.host.empty() || remote.host.find_first_of("/@?# \r\n") != std::string::npos) {
        return std::unexpected(fmt::format("'{}' is no address of a server; write http://HOST:PORT without a path", text));
    }
    return remote;
}

Task<Result<std::unique_ptr<Transport>, NetError>> connect(asio::any_io_executor executor, Remote remote, std::optional<tls::Context> secured) {
    CO_TRY(transport, co_await connect_socket(executor, remote));
    if (!remote.is_tls) co_return std::move(transport);
    auto shaken = co_await connect_tls(std::move(transport), *secured, remote.tls_name.empty() ? remote.host : remote.tls_name);
    if (shaken) co_return std::move(*shaken);
    co_return std::unexpected(NetError{shaken.error().kind, fmt::format("{}: {}", remote.text(), shaken.error().detail)});
}

}  // namespace gk::net
