#include "net/http/listener.hpp"

#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

namespace gk::net {
namespace asio = boost::asio;
namespace {

using asio::generic::stream_protocol;
using asio::ip::tcp;
using boost::system::error_code;
using Local = asio::local::stream_protocol;

NetError bind_error(const Endpoint& at, const error_code& error) {
    if (error == asio::error::address_in_use) {
        return {NetError::Kind::in_use, fmt::format("another program listens on {} already; stop it or choose another address", at.text())};
    }
    if (error == asio::error::access_denied) {
        return {NetError::Kind::invalid, fmt::format("no right to listen on {}; ports below 1024 and foreign folders need more rights", at.text())};
    }
    return {NetError::Kind::invalid, fmt::format("cannot listen on {}: {}", at.text(), error.message())};
}

// Removes a socket file that a process which is gone has left. Only a refused connection proves that nobody listens.
Result<Success, NetError> remove_stale_socket(const Endpoint& at) {
    struct stat file{};
    if (::lstat(at.path.c_str(), &file) != 0) return Success{};
    if (!S_ISSOCK(file.st_mode)) {
        return std::unexpected(NetError{NetError::Kind::invalid, fmt::format("{} exists and is no socket; move it away", at.path)});
    }
    asio::io_context io;
    Local::socket probe(io);
    error_code error;
    probe.connect(Local::endpoint(at.path), error);
    if (!error) return std::unexpected(bind_error(at, asio::error::address_in_use));
    if (error != asio::error::connection_refused) {
        return std::unexpected(NetError{NetError::Kind::invalid, fmt::format("cannot tell who owns {}: {}", at.path, error.message())});
    }
    ::unlink(at.path.c_str());
    return Success{};
}

// IPv4 clients of a dual-stack socket are shown, counted and limited as IPv4.
std::string address_text(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    return address.to_string();
}

Peer peer_of(StreamSocket& socket, const stream_protocol::endpoint& from) {
    Peer peer;
    if (from.protocol().family() == AF_UNIX) {
        ucred credentials{};
        socklen_t size = sizeof credentials;
        if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) peer.uid = credentials.uid;
        return peer;
    }
    tcp::endpoint address;
    address.resize(from.size());
    std::memcpy(address.data(), from.data(), from.size());
    peer.address = address_text(address.address());
    error_code ignored;  // Only makes replies leave at once.
    socket.set_option(tcp::no_delay(true), ignored);
    return peer;
}

}  // namespace

Result<std::unique_ptr<Listener>, NetError> Listener::open(asio::any_io_executor executor, const Endpoint& at, unsigned mode) {
    std::unique_ptr<Listener> listener(new Listener(executor));
    if (at.is_unix()) {
        TRY_OK(listener->bind_unix(at, mode));
    } else {
        TRY_OK(listener->bind_tcp(at));
    }
    error_code error;
    listener->acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return std::unexpected(bind_error(at, error));
    return listener;
}

Result<Success, NetError> Listener::bind_tcp(const Endpoint& at) {
    error_code error;
    const tcp::endpoint local(asio::ip::make_address(at.address, error), at.port);
    if (!error) acceptor_.open(local.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(local, error);
    if (error) return std::unexpected(bind_error(at, error));
    const auto bound = acceptor_.local_endpoint(error);
    if (error) return std::unexpected(bind_error(at, error));
    endpoint_ = at;
    tcp::endpoint chosen;
    std::memcpy(chosen.data(), bound.data(), bound.size());
    endpoint_.port = chosen.port();
    return Success{};
}

Result<Success, NetError> Listener::bind_unix(const Endpoint& at, unsigned mode) {
    TRY_OK(remove_stale_socket(at));
    error_code error;
    acceptor_.open(Local(), error);
    // The file gets the mode of the unbound socket, so there is no moment in which others could connect.
    if (!error && ::fchmod(acceptor_.native_handle(), 0600) != 0) error = error_code(errno, boost::system::system_category());
    if (!error) acceptor_.bind(Local::endpoint(at.path), error);
    if (!error && ::chmod(at.path.c_str(), mode) != 0) error = error_code(errno, boost::system::system_category());
    if (error) return std::unexpected(bind_error(at, error));
    endpoint_ = at;
    file_ = identity_of(at.path);
    return Success{};
}

std::optional<Listener::FileIdentity> Listener::identity_of(const std::string& path) {
    struct stat file{};
    if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
    return FileIdentity{file.st_dev, file.st_ino};
}

Listener::~Listener() { close(); }

void Listener::close() {
    error_code ignored;
    acceptor_.close(ignored);
    if (file_ && identity_of(endpoint_.path) == file_) ::unlink(endpoint_.path.c_str());
    file_.reset();
}

Task<std::unique_ptr<Transport>> Listener::accept(error_code& error) {
    stream_protocol::endpoint from;
    auto socket = co_await acceptor_.async_accept(from, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return nullptr;
    auto peer = peer_of(socket, from);
    co_return make_socket_transport(std::move(socket), std::move(peer));
}

}  // namespace gk::net
