#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "async/signal.hpp"
#include "async/task_group.hpp"
#include "base/time.hpp"
#include "net/http/endpoint.hpp"
#include "net/http/listener.hpp"
#include "net/http/message.hpp"
#include "net/http/request_reader.hpp"
#include "net/http/router.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "tls/context.hpp"

namespace gk::net {

// One request that has been answered, for the access log and metrics.
struct Access {
    Method method = Method::get;
    std::string_view route;  // The pattern; empty when nothing matched. Safe as a metrics label, as the raw target is not.
    std::string_view target;
    std::string_view peer;   // Address, or "unix".
    std::string_view id;
    int status = 0;
    Milliseconds duration{0};
    std::uint64_t bytes = 0;  // Of the reply's body.
};

struct ServerLimits {
    FramingLimits framing = {};
    Milliseconds head_time = std::chrono::seconds(10);    // From the first byte, or from the connection, to the end of the head.
    Milliseconds body_time = std::chrono::seconds(60);    // For the whole body.
    Milliseconds idle_time = std::chrono::seconds(75);    // Between two requests.
    Milliseconds write_time = std::chrono::seconds(30);   // For one write to be taken by the client.
    std::size_t connections_max = 4096;
    std::size_t connections_per_address_max = 256;        // An IPv6 client counts by its /64; Unix sockets by user.
};

struct ServerHooks {
    // Renders an error that arises here (400, 404, 405, 413 ...). The standard one writes plain text.
    std::function<Response(const Problem&)> problem;
    std::function<void(const Access&)> access;
};

// An HTTP/1.1 server on one loop. Handlers run one after the other for each connection and side by side for different ones.
// Time-outs are kept by one sweep each second, so they may be up to a second late.
class HttpServer {
public:
    HttpServer(boost::asio::any_io_executor executor, Clock& clock, Random& random, Router router, ServerLimits limits = {}, ServerHooks hooks = {});
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;
    // stop() has to be awaited before.
    ~HttpServer();

    // Starts to accept there; may be called several times. Returns the real port.
    Result<Endpoint, NetError> listen(const Endpoint& at, unsigned unix_mode = 0660);
    // The same for clients that speak TLS.
    Result<Endpoint, NetError> listen_tls(const Endpoint& at, tls::Context context);
    // Takes no more connections, closes those that are idle, ends streams, lets requests under way finish for up to `grace`, then cancels what is
    // left. When it returns, no task of the server is left.
    Task<void> stop(Milliseconds grace);

    std::size_t connections() const { return connections_.size(); }

private:
    friend class Connection;
    class Registration;

    // Gives a connection that was accepted its form: as it is, or secured.
    using Wrap = std::function<std::unique_ptr<Transport>(std::unique_ptr<Transport>)>;
    Result<Endpoint, NetError> start(std::unique_ptr<Listener> listener, Wrap wrap);
    Task<void> accept_loop(Listener& listener, Wrap wrap);
    Task<void> serve(std::unique_ptr<Transport> transport);
    Task<void> sweep();
    Task<void> drain();
    std::string_view date();
    std::string next_id();
    Response render(const Problem& problem) const;

    boost::asio::any_io_executor executor_;
    Clock& clock_;
    Router router_;
    ServerLimits limits_;
    ServerHooks hooks_;
    std::vector<std::unique_ptr<Listener>> listeners_;
    std::list<class Connection*> connections_;
    std::map<std::string, std::size_t, std::less<>> by_source_;
    bool stopping_ = false;
    async::Signal connection_ended_;
    std::string id_prefix_;
    std::uint64_t ids_ = 0;
    std::string date_;
    std::int64_t date_second_ = -1;
    async::TaskGroup accepting_;
    async::TaskGroup serving_;
};

}  // namespace gk::net
