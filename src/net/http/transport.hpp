#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include "net/http/message.hpp"
#include "ports/task.hpp"

namespace gk::net {

struct ReadResult {
    std::size_t bytes = 0;            // 0 at the end of the stream and on an error.
    boost::system::error_code error;  // Clear at the end of the stream.
};

// A stream of bytes to one peer: TCP, a Unix socket, or TLS over one of them (tls_transport.hpp). One read and one write may be under way at the
// same time. A cancelled task gets its wait back as operation_aborted.
class Transport {
public:
    virtual ~Transport() = default;
    // Waits for at least one byte.
    virtual Task<ReadResult> read_some(std::span<char> into) = 0;
    // Writes both runs, the second behind the first, with one system call where the kernel takes them. The caller keeps them alive.
    virtual Task<boost::system::error_code> write_all(std::string_view first, std::string_view second = {}) = 0;
    // Ends waits with operation_aborted, for time-outs; the stream stays usable.
    virtual void cancel() = 0;
    // Tells the peer that nothing more comes; reading goes on.
    virtual Task<void> shutdown_send() = 0;
    virtual void close() = 0;
    virtual const Peer& peer() const = 0;
};

using StreamSocket = boost::asio::generic::stream_protocol::socket;

// Owns a connected TCP or Unix socket.
std::unique_ptr<Transport> make_socket_transport(StreamSocket socket, Peer peer);

}  // namespace gk::net
