#include "net/http/server.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/assert.hpp"
#include "net/http/connection.hpp"
#include "net/http/tls_transport.hpp"

namespace gk::net {
namespace asio = boost::asio;
namespace {

constexpr Milliseconds sweep_period = std::chrono::seconds(1);
// When descriptors have run out, accepting again at once would only burn the processor.
constexpr Milliseconds accept_pause = std::chrono::milliseconds(100);

// What the limit of connections counts by: one household of IPv6 has a whole /64.
std::string source_of(const Peer& peer) {
    if (peer.address.empty()) return fmt::format("uid {}", peer.uid.value_or(0));
    boost::system::error_code error;
    const auto address = asio::ip::make_address(peer.address, error);
    if (error || address.is_v4()) return peer.address;
    auto bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return asio::ip::address_v6(bytes).to_string();
}

Response plain_problem(const Problem& problem) { return Response::text(problem.status, "text/plain; charset=utf-8", problem.detail + "\n"); }

}  // namespace

// Keeps the server's books about one connection for as long as it lives.
class HttpServer::Registration {
public:
    Registration(HttpServer& server, Connection& connection, const std::string& source) : server_(server) {
        at_ = server.connections_.insert(server.connections_.end(), &connection);
        count_ = server.by_source_.try_emplace(source, 0).first;
        ++count_->second;
    }
    Registration(const Registration&) = delete;
    Registration& operator=(const Registration&) = delete;
    ~Registration() {
        server_.connections_.erase(at_);
        if (--count_->second == 0) server_.by_source_.erase(count_);
        server_.connection_ended_.raise();
    }

private:
    HttpServer& server_;
    std::list<Connection*>::iterator at_;
    std::map<std::string, std::size_t, std::less<>>::iterator count_;
};

HttpServer::HttpServer(asio::any_io_executor executor, Clock& clock, Random& random, Router router, ServerLimits limits, ServerHooks hooks)
    : executor_(executor),
      clock_(clock),
      router_(std::move(router)),
      limits_(limits),
      hooks_(std::move(hooks)),
      accepting_(executor),
      serving_(executor) {
    std::array<std::byte, 4> bits{};
    random.fill(bits);
    for (const auto byte : bits) fmt::format_to(std::back_inserter(id_prefix_), "{:02x}", std::to_integer<unsigned>(byte));
    accepting_.spawn("http sweep", sweep());
}

HttpServer::~HttpServer() = default;

Result<Endpoint, NetError> HttpServer::listen(const Endpoint& at, unsigned unix_mode) {
    TRY(listener, Listener::open(executor_, at, unix_mode));
    return start(std::move(listener), [](std::unique_ptr<Transport> plain) { return plain; });
}

Result<Endpoint, NetError> HttpServer::listen_tls(const Endpoint& at, tls::Context context) {
    TRY(listener, Listener::open(executor_, at));
    return start(std::move(listener), [context = std::move(context)](std::unique_ptr<Transport> plain) -> std::unique_ptr<Transport> {
        auto secured = accept_tls(std::move(plain), context);
        return secured ? std::move(*secured) : nullptr;  // It fails only without memory.
    });
}

Result<Endpoint, NetError> HttpServer::start(std::unique_ptr<Listener> listener, Wrap wrap) {
    listeners_.push_back(std::move(listener));
    accepting_.spawn("http accept", accept_loop(*listeners_.back(), std::move(wrap)));
    return listeners_.back()->endpoint();
}

Task<void> HttpServer::accept_loop(Listener& listener, Wrap wrap) {
    for (;;) {
        boost::system::error_code error;
        auto transport = co_await listener.accept(error);
        if (error == asio::error::operation_aborted || error == asio::error::bad_descriptor) co_return;
        if (error) {
            co_await clock_.sleep(accept_pause);
            continue;
        }
        const auto known = by_source_.find(source_of(transport->peer()));
        const auto count = known == by_source_.end() ? 0 : known->second;
        // Refused without a word: a client that opens so many does not listen.
        if (count >= limits_.connections_per_address_max || connections_.size() >= limits_.connections_max) continue;
        auto wrapped = wrap(std::move(transport));
        if (wrapped) serving_.spawn("http connection", serve(std::move(wrapped)));
    }
}

Task<void> HttpServer::serve(std::unique_ptr<Transport> transport) {
    const auto source = source_of(transport->peer());
    Connection connection(*this, std::move(transport));
    const Registration registration(*this, connection, source);
    if (stopping_) connection.begin_stop();  // It was accepted in the very turn in which the server was told to stop.
    co_await connection.run();
}

Task<void> HttpServer::sweep() {
    for (;;) {
        co_await clock_.sleep(sweep_period);
        const auto now = clock_.now();
        for (auto* connection : connections_) connection->expire(now);
    }
}

Task<void> HttpServer::drain() {
    while (!connections_.empty()) co_await connection_ended_.wait();
}

Task<void> HttpServer::stop(Milliseconds grace) {
    stopping_ = true;
    for (const auto& listener : listeners_) listener->close();
    for (auto* connection : connections_) connection->begin_stop();
    auto draining = drain();
    co_await async::finishes_by(clock_, clock_.now() + grace, std::move(draining));
    accepting_.cancel();
    serving_.cancel();
    co_await accepting_.join();
    co_await serving_.join();
}

std::string_view HttpServer::date() {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.calendar());
    if (const auto second = now.time_since_epoch().count(); second != date_second_) {
        date_second_ = second;
        date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    }
    return date_;
}

std::string HttpServer::next_id() { return fmt::format("{}-{:x}", id_prefix_, ++ids_); }

Response HttpServer::render(const Problem& problem) const { return hooks_.problem ? hooks_.problem(problem) : plain_problem(problem); }

}  // namespace gk::net
