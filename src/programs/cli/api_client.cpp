#include "programs/cli/api_client.hpp"

#include <fstream>
#include <iterator>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "adapters/system/clock.hpp"
#include "async/run.hpp"
#include "net/http/target.hpp"
#include "net/http_client/client.hpp"
#include "net/json/json.hpp"
#include "programs/cli/table.hpp"
#include "programs/cli/values.hpp"

namespace gk::programs {
namespace {

constexpr Milliseconds line_silence = std::chrono::hours(24);  // A quiet game is no error.
constexpr std::size_t reply_max = 64 << 20;

CommandError unreachable(const ApiPlace& place, const net::NetError& error) {
    if (error.kind == net::NetError::Kind::timed_out) {
        return {.exit = exit_timeout, .message = fmt::format("no answer from {} in time", place.text())};
    }
    return {.exit = exit_unreachable,
            .message = fmt::format("Gamekeeper does not answer at {}: {}", place.text(), error.detail),
            .details = {"gamekeeper serve   starts it (or make up)", "--socket PATH, --url URL or --state DIR   name another place"}};
}

Value body_of(const std::string& text) {
    auto parsed = net::parse_json(text, {.depth = 64, .size = reply_max});
    return parsed ? std::move(*parsed) : Value();
}

}  // namespace

ExitCode exit_for(int status) {
    if (status == 404) return exit_not_found;
    if (status == 400) return exit_usage;
    if (status == 401 || status == 403 || status == 409 || status == 422 || status == 507) return exit_refused;
    if (status == 503) return exit_unreachable;
    if (status == 504) return exit_timeout;
    return exit_failed;
}

CommandError error_of(int status, const Value& problem) {
    CommandError error;
    error.exit = exit_for(status);
    const auto detail = text_at(problem, "detail");
    error.message = detail.empty() ? fmt::format("the API answered {}", status) : printable(detail);
    if (const auto* fields = member(problem, "errors").as_array()) {
        for (const auto& field : *fields)
            error.details.push_back(printable(fmt::format("{}: {}", text_at(field, "pointer"), text_at(field, "detail"))));
    }
    if (const auto* allowed = member(problem, "allowed").as_array(); allowed != nullptr && !allowed->empty()) {
        std::string verbs;
        for (const auto& verb : *allowed) verbs += (verbs.empty() ? "" : ", ") + (verb.as_string() != nullptr ? *verb.as_string() : std::string());
        if (text_at(problem, "code") == "world_kept") error.details.emplace_back("on the command line: --world adopt, or --world fresh");
        else if (!detail.contains("possible now")) error.details.push_back("possible now: " + verbs);
    }
    return error;
}

namespace {

Result<tls::Context, CommandError> context_for(const std::string& authorities) {
    tls::ClientTrust trust;
    if (!authorities.empty()) {
        std::ifstream file(authorities);
        if (!file) return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("--ca: {} cannot be read", authorities)});
        trust.authorities.assign(std::istreambuf_iterator<char>(file), {});
    }
    auto context = tls::Context::for_client(trust);
    if (context) return std::move(*context);
    return std::unexpected(CommandError{.exit = exit_usage, .message = fmt::format("--ca {}: {}", authorities, context.error())});
}

}  // namespace

class ApiClient::Connection {
public:
    explicit Connection(ApiPlace at) : place(std::move(at)), clock(loop.get_executor()) {}

    Result<net::HttpClient*, CommandError> client() {
        if (client_) return client_.get();
        const auto remote = net::parse_remote(place.socket.empty() ? place.url : "unix:" + place.socket);
        if (!remote) return std::unexpected(CommandError{.exit = exit_usage, .message = remote.error()});
        std::optional<tls::Context> secured;
        if (remote->is_tls) {
            TRY(context, context_for(place.authorities));
            secured = std::move(context);
        }
        client_ = std::make_unique<net::HttpClient>(loop.get_executor(), clock, *remote, std::move(secured));
        return client_.get();
    }
    net::ClientRequest request(std::string method, std::string target) const {
        net::ClientRequest out{.method = std::move(method), .target = std::move(target)};
        if (!place.key.empty()) out.headers.emplace_back("Authorization", "Bearer " + place.key.reveal());
        return out;
    }

    boost::asio::io_context loop;
    ApiPlace place;
    system::SystemClock clock;

private:
    std::unique_ptr<net::HttpClient> client_;
};

ApiClient::ApiClient(ApiPlace place) : connection_(std::make_unique<Connection>(std::move(place))) {}
ApiClient::~ApiClient() = default;
const ApiPlace& ApiClient::place() const { return connection_->place; }
Time ApiClient::now() const { return connection_->clock.now(); }
void ApiClient::pause(Milliseconds duration) { async::run_until_done(connection_->loop, connection_->clock.sleep(duration)); }

Result<ApiReply, CommandError> ApiClient::call(Call call) {
    TRY(client, connection_->client());
    auto request = connection_->request(std::move(call.method), std::move(call.path));
    for (auto& header : call.headers) request.headers.push_back(std::move(header));
    if (!call.body.is_null()) {
        request.content_type = "application/json";
        request.body = to_json(call.body);
    }
    auto response = async::run_until_done(connection_->loop, client->send(std::move(request), call.patience));
    if (!response) return std::unexpected(unreachable(connection_->place, response.error()));
    ApiReply reply{.status = response->status, .body = body_of(response->body)};
    if (reply.status >= 400) return std::unexpected(error_of(reply.status, reply.body));
    return reply;
}

Result<Value::Array, CommandError> ApiClient::all(const std::string& path) {
    Value::Array items;
    std::string cursor;
    do {
        auto page = fmt::format("{}{}limit=1000", path, path.contains('?') ? '&' : '?');
        if (!cursor.empty()) page += "&cursor=" + net::percent_encoded(cursor);
        TRY(reply, call({.path = std::move(page)}));
        for (const auto& item : items_of(reply.body)) items.push_back(item);
        cursor = text_at(reply.body, "next_cursor");
    } while (!cursor.empty());
    return items;
}

namespace {

using Line = std::function<bool(std::string_view)>;

Task<Result<Success, CommandError>> read_lines(net::HttpClient& client, const ApiPlace& place, net::ClientRequest request, const Line& line) {
    auto stream = co_await client.open(std::move(request), std::chrono::seconds(30));
    if (!stream) co_return std::unexpected(unreachable(place, stream.error()));
    const auto status = (*stream)->head().status;
    std::string problem;
    for (;;) {
        auto next = co_await (*stream)->read_line(line_silence);
        if (!next) co_return std::unexpected(unreachable(place, next.error()));
        if (!*next) break;
        if (status >= 400) problem += **next;
        else if (!line(**next)) break;
    }
    if (status >= 400) co_return std::unexpected(error_of(status, body_of(problem)));
    co_return Success{};
}

}  // namespace

Result<Success, CommandError> ApiClient::lines(std::string path, const Line& line) {
    TRY(client, connection_->client());
    auto request = connection_->request("GET", std::move(path));
    return async::run_until_done(connection_->loop, read_lines(*client, connection_->place, std::move(request), line));
}

}  // namespace gk::programs
