#include "adapters/kubernetes/client/api_server.hpp"

#include <algorithm>
#include <utility>

#include "async/deadline.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

using namespace std::chrono_literals;
using wire::kubernetes::Failure;

constexpr int tries_max = 10;
constexpr auto pause_least = 1s;
// Lists of a thousand objects, and schemas of resources, which nest deeply.
constexpr net::JsonLimits json_limits{.depth = 100, .size = net::HttpClient::body_max};

Failure failure_of(const net::NetError& error) {
    using enum net::NetError::Kind;
    const auto kind = error.kind == refused ? Failure::Kind::refused : error.kind == invalid ? Failure::Kind::invalid : Failure::Kind::unavailable;
    return {.kind = kind, .detail = error.detail};
}

Result<Value, Failure> document_of(const net::ClientResponse& response) {
    const bool is_good = response.status >= 200 && response.status < 300;
    Value document;
    if (!response.body.empty()) {
        auto parsed = net::parse_json(response.body, json_limits);
        if (parsed) document = std::move(*parsed);
        else if (is_good) {
            return std::unexpected(Failure{.kind = Failure::Kind::unavailable, .detail = "the answer is no JSON: " + parsed.error().message});
        }
    }
    if (is_good) return document;
    return std::unexpected(wire::kubernetes::failure_of(response.status, document, response.header("Retry-After")));
}

}  // namespace

Result<net::Remote, std::string> ApiServer::remote_of(const wire::kubernetes::Cluster& cluster) {
    TRY(remote, net::parse_remote(cluster.server));
    remote.tls_name = cluster.tls_server_name;
    return remote;
}

ApiServer::ApiServer(boost::asio::any_io_executor executor, Clock& clock, net::Remote remote, Credentials& credentials, Options options)
    : ApiServer(dial_http(std::move(executor), clock, std::move(remote)), clock, credentials, std::move(options)) {}

ApiServer::ApiServer(Dial dial, Clock& clock, Credentials& credentials, Options options)
    : clock_(clock),
      credentials_(credentials),
      options_(std::move(options)),
      usual_{.budget = work::Budget(options_.budget), .connections = Connections(dial, clock, options_.connections)},
      urgent_{.budget = work::Budget(options_.urgent_budget), .connections = Connections(dial, clock, 2)} {}

Reply<Value> ApiServer::call(Call call) { return this->call(std::move(call), options_.limit); }

Reply<Value> ApiServer::call(Call call, Milliseconds limit) {
    const auto deadline = clock_.now() + limit;
    bool renewed = false;
    for (int tries = 1;; ++tries) {
        auto answer = co_await attempt(call, deadline);
        auto document = answer ? document_of(answer->response) : std::unexpected(answer.error());
        if (document) co_return std::move(*document);
        if (answer && answer->response.status == 401) credentials_.refused(answer->serial);
        const auto again = again_at(call, document.error(), tries, renewed);
        if (!again || *again >= deadline) co_return std::unexpected(std::move(document).error());
        co_await clock_.sleep_until(*again);
    }
}

std::optional<Time> ApiServer::again_at(const Call& call, const Failure& failure, int tries, bool& renewed) const {
    if (tries > tries_max) return std::nullopt;
    if (failure.kind == Failure::Kind::unauthorized && failure.code == 401 && !std::exchange(renewed, true)) return clock_.now();
    if (failure.kind == Failure::Kind::busy && failure.retry_after) return clock_.now() + *failure.retry_after;
    const bool broke = failure.kind == Failure::Kind::unavailable && failure.code == 0;
    if (broke && call.method == "GET") return clock_.now() + pause_least;
    return std::nullopt;
}

Reply<ApiServer::Answer> ApiServer::attempt(const Call& call, Time deadline) {
    auto& lane = lane_of(call);
    CO_TRY_OK(co_await wait_turn(lane, deadline));
    auto preparing = prepare(lane);
    auto ready = co_await async::with_deadline(clock_, deadline, std::move(preparing));
    if (!ready)
        co_return std::unexpected(
            Failure{.kind = Failure::Kind::busy, .detail = "all connections to the API server, or our credentials, took too long"});
    if (!*ready) co_return std::unexpected(std::move(*ready).error());
    const auto& [access, connection] = **ready;
    if (!may_send(call))
        co_return std::unexpected(Failure{.kind = Failure::Kind::refused, .detail = "this process may change nothing any more: another one leads"});
    auto request = request_of(call, access);
    auto response = co_await connection->send(std::move(request), left(deadline));
    ++answers_[{call.method, response ? response->status : 0}];
    if (!response) co_return std::unexpected(failure_of(response.error()));
    co_return Answer{.response = std::move(*response), .serial = access.serial};
}

Reply<ApiServer::Ready> ApiServer::prepare(Lane& lane) {
    CO_TRY(access, co_await credentials_.access());
    auto connection = co_await lane.connections.borrow(access.secured, access.certificate);
    co_return Ready{.access = std::move(access), .connection = std::move(connection)};
}

Reply<Success> ApiServer::wait_turn(Lane& lane, Time deadline) {
    const auto turn = lane.budget.reserve(clock_.now());
    if (turn >= deadline) {
        co_return std::unexpected(Failure{.kind = Failure::Kind::busy, .detail = "too many calls of our own wait for the API server"});
    }
    co_await clock_.sleep_until(turn);
    co_return Success{};
}

net::ClientRequest ApiServer::request_of(const Call& call, const Access& access) {
    ++requests_;
    net::ClientRequest request;
    request.method = call.method;
    request.target = call.target;
    request.headers = {{"Accept", "application/json"}, {"User-Agent", options_.user_agent}};
    if (!access.token.empty()) request.headers.emplace_back("Authorization", "Bearer " + access.token.reveal());
    request.content_type = call.content_type;
    request.body = call.body;
    return request;
}

Reply<std::unique_ptr<net::ClientStream>> ApiServer::open(Call call) {
    const auto deadline = clock_.now() + options_.limit;
    auto& lane = lane_of(call);
    CO_TRY_OK(co_await wait_turn(lane, deadline));
    CO_TRY(access, co_await credentials_.access());
    const auto connection = lane.connections.separate(access.secured);
    auto request = request_of(call, access);
    auto opened = co_await connection->open(std::move(request), left(deadline));
    ++answers_[{"WATCH", opened ? (*opened)->head().status : 0}];
    if (!opened) co_return std::unexpected(failure_of(opened.error()));
    auto stream = std::move(*opened);
    auto response = stream->head();
    if (response.status == 200) co_return stream;
    if (response.status == 401) credentials_.refused(access.serial);
    constexpr std::size_t refusal_max = 64 * 1024;
    while (response.body.size() < refusal_max) {
        const auto more = co_await stream->read_some(response.body, left(deadline));
        if (!more || !*more) break;
    }
    auto refused = document_of(response);
    if (refused) co_return std::unexpected(Failure{.kind = Failure::Kind::unavailable, .detail = "the API server answered a watch without one"});
    co_return std::unexpected(std::move(refused).error());
}

}  // namespace gk::kubernetes
