#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/redis/address.hpp"
#include "adapters/redis/resp.hpp"
#include "base/secret.hpp"
#include "net/http/transport.hpp"
#include "ports/clock.hpp"
#include "tls/context.hpp"

namespace gk::redis {

struct ClientOptions {
    Address address;
    Secret password;                   // Empty: as the server lets us in without one.
    std::optional<tls::Context> trust{};  // For rediss://.
    Milliseconds call_limit = std::chrono::seconds(2);  // Of connecting, and of each round trip.
};

// One connection to a Redis of version 6 or newer. One coroutine uses it at a time. Errors are sentences, after which the connection is closed, and
// the next call opens another one; nobody knows what of the call was done.
class Client {
public:
    // The clock outlives it.
    Client(boost::asio::any_io_executor loop, Clock& clock, ClientOptions options);

    // Closes what was open, connects, and says who we are.
    Task<Result<Success, std::string>> open();
    // One round trip: a reply for each command. What the server refuses is an error too.
    Task<Result<std::vector<Reply>, std::string>> run(Commands commands);
    void close();

private:
    using Replies = Result<std::vector<Reply>, std::string>;
    Task<Result<Success, std::string>> connect();
    Task<Replies> exchange(Commands commands);
    Task<Result<Reply, std::string>> receive();
    Commands greeting() const;

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    ClientOptions options_;
    std::unique_ptr<net::Transport> transport_;
    std::string unread_;
};

}  // namespace gk::redis
