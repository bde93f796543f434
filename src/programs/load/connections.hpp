#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "async/wait_queue.hpp"
#include "net/http_client/client.hpp"
#include "ports/clock.hpp"
#include "tls/context.hpp"

namespace gk::programs {

// The HTTP connections that all players share, each kept open between requests. Who finds none free waits, in the order of coming.
class Connections {
public:
    Connections(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote, std::optional<tls::Context> secured, std::size_t most)
        : executor_(std::move(executor)),
          clock_(clock),
          remote_(std::move(remote)),
          secured_(std::move(secured)),
          most_(most) {}

    // One request. `limit` counts from when a connection is free.
    Task<Result<net::ClientResponse, net::NetError>> send(net::ClientRequest request, Milliseconds limit);

private:
    class Lent;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    net::Remote remote_;
    std::optional<tls::Context> secured_;
    std::size_t most_;
    std::size_t made_ = 0;
    std::vector<std::unique_ptr<net::HttpClient>> free_;
    async::WaitQueue waiting_;
};

}  // namespace gk::programs
