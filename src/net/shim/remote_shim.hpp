#pragma once

#include <functional>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/result.hpp"
#include "base/units.hpp"
#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "tls/noise/handshake.hpp"

namespace gk::net::shim {

// A gk-shim in a pod.
struct RemoteShim {
    std::string address;  // Numeric, IPv4 or IPv6: the pod's.
    Port port{};
    noise::Key key{};
};

// A TCP connection to it, which notices within half a minute that the other side is gone; nothing has been said yet. Errors are sentences.
Task<Result<boost::asio::generic::stream_protocol::socket, std::string>> reach(Clock& clock, RemoteShim shim);
// The same, within four seconds: for whoever is handed out at once.
Task<Result<boost::asio::generic::stream_protocol::socket, std::string>> reach_closely(Clock& clock, RemoteShim shim);
using Reach = std::function<Task<Result<boost::asio::generic::stream_protocol::socket, std::string>>(Clock&, RemoteShim)>;

}  // namespace gk::net::shim
