#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>

#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tests/sim/cluster/nodes.hpp"
#include "tls/noise/session.hpp"

namespace gk::sim {

// The shim's side of one connection of one life: sealed, as the real one. It lives as long as that life's loop.
class ShimEnd : public std::enable_shared_from_this<ShimEnd> {
public:
    using Socket = boost::asio::generic::stream_protocol::socket;
    ShimEnd(Nodes& nodes, const SimPod& pod, Socket socket);

    void read_on();
    void send(const std::vector<std::byte>& frame);
    void close();
    bool is_open() const { return socket_.is_open(); }

    bool is_subscribed = false;
    Time last_due{};  // What was heard first is done first.

private:
    void on_bytes(std::size_t count);
    void write_on();

    Nodes& nodes_;
    std::string pod_;
    Socket socket_;
    noise::Session seal_;
    std::array<std::byte, 16 * 1024> chunk_{};
    std::vector<std::byte> in_;
    std::vector<std::byte> out_;
    std::vector<std::byte> sending_;
};

// A new connection to whoever listens at that address, as net::shim::reach() would make it.
Task<Result<ShimEnd::Socket, std::string>> reach_pod(Nodes& nodes, Clock& clock, std::string address);

}  // namespace gk::sim
