#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include "base/result.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/transport.hpp"
#include "ports/task.hpp"

namespace gk::net {

// Accepts connections at one endpoint.
class Listener {
public:
    // With port 0 the kernel chooses; endpoint() tells. A Unix socket gets `mode`, never wider for a moment; a socket file that nobody listens
    // on any more is replaced, any other file in its place is an error.
    static Result<std::unique_ptr<Listener>, NetError> open(boost::asio::any_io_executor executor, const Endpoint& at, unsigned mode = 0660);

    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    // Closes it, and removes the socket file if it is still ours.
    ~Listener();

    const Endpoint& endpoint() const { return endpoint_; }
    // The next connection; null with an error when that failed (out of descriptors: wait a little; operation_aborted: the task was cancelled).
    Task<std::unique_ptr<Transport>> accept(boost::system::error_code& error);
    void close();

private:
    using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol>;
    struct FileIdentity {
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        bool operator==(const FileIdentity&) const = default;
    };

    explicit Listener(const boost::asio::any_io_executor& executor) : acceptor_(executor) {}
    Result<Success, NetError> bind_tcp(const Endpoint& at);
    Result<Success, NetError> bind_unix(const Endpoint& at, unsigned mode);
    static std::optional<FileIdentity> identity_of(const std::string& path);

    Acceptor acceptor_;
    Endpoint endpoint_;
    std::optional<FileIdentity> file_;  // Of our socket file, so that a successor's is not removed.
};

}  // namespace gk::net
