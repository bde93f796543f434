#include "net/http_client/client.hpp"

#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/assert.hpp"

namespace gk::net {
namespace asio = boost::asio;
namespace {

constexpr std::size_t line_max = 1024 * 1024;

bool may_repeat(std::string_view method) { return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE"; }

std::string request_text(const ClientRequest& request, const std::string& host) {
    std::string out;
    auto end = std::back_inserter(out);
    fmt::format_to(end, "{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.target, host);
    for (const auto& [name, value] : request.headers) fmt::format_to(end, "{}: {}\r\n", name, value);
    if (!request.content_type.empty()) fmt::format_to(end, "Content-Type: {}\r\n", request.content_type);
    if (!request.body.empty() || (request.method != "GET" && request.method != "HEAD"))
        fmt::format_to(end, "Content-Length: {}\r\n", request.body.size());
    out += "\r\n";
    out += request.body;
    return out;
}

}  // namespace

// A connection with a request under way.
class HttpClient::Exchange {
public:
    Exchange(std::unique_ptr<Transport> transport, bool to_head) : transport_(std::move(transport)), reader_(to_head) {}

    // Nothing at all has come when the connection ends: then the server had closed it before it saw the request.
    bool is_untouched() const { return untouched_; }
    Task<Result<Success, NetError>> send(std::string text) {
        const auto error = co_await transport_->write_all(text);
        if (error) co_return std::unexpected(broken(error.message()));
        co_return Success{};
    }
    Task<Result<Success, NetError>> read_head() {
        for (;;) {
            const auto taken = reader_.read_head(unread_, response);
            if (!taken) co_return std::unexpected(broken(taken.error()));
            unread_.erase(0, *taken);
            if (reader_.has_head()) co_return Success{};
            if (*taken > 0) continue;
            CO_TRY(more, co_await fill());
            if (!more) co_return std::unexpected(broken("the server closed the connection"));
        }
    }
    // Appends what comes next of the body; false when it is over.
    Task<Result<bool, NetError>> read_some(std::string& out) {
        const auto before = out.size();
        while (out.size() == before) {
            if (reader_.is_complete()) co_return false;
            const auto taken = reader_.read_body(unread_, out);
            if (!taken) co_return std::unexpected(broken(taken.error()));
            unread_.erase(0, *taken);
            if (*taken > 0) continue;
            CO_TRY(more, co_await fill());
            if (more) continue;
            const auto end = reader_.end_of_stream();
            if (!end) co_return std::unexpected(broken(end.error()));
        }
        co_return true;
    }
    bool may_be_kept() const { return reader_.is_complete() && reader_.keeps_alive() && unread_.empty(); }
    std::unique_ptr<Transport> take_transport() { return std::move(transport_); }

    ClientResponse response;

private:
    static NetError broken(std::string detail) { return {NetError::Kind::unavailable, std::move(detail)}; }

    Task<Result<bool, NetError>> fill() {
        const auto got = co_await transport_->read_some(piece_);
        if (got.error) co_return std::unexpected(broken(got.error.message()));
        untouched_ = untouched_ && got.bytes == 0;
        unread_.append(piece_.data(), got.bytes);
        co_return got.bytes > 0;
    }

    std::unique_ptr<Transport> transport_;
    ResponseReader reader_;
    std::string unread_;
    bool untouched_ = true;
    std::array<char, 16 * 1024> piece_{};
};

class HttpClient::LineStream final : public ClientStream {
public:
    LineStream(Clock& clock, std::unique_ptr<Exchange> exchange) : clock_(clock), exchange_(std::move(exchange)) {}

    const ClientResponse& head() const override { return exchange_->response; }

    Task<Result<std::optional<std::string>, NetError>> read_line(Milliseconds silence) override {
        auto reading = read_line();
        auto line = co_await async::with_deadline(clock_, clock_.now() + silence, std::move(reading));
        if (line) co_return std::move(*line);
        co_return std::unexpected(silent_for(silence));
    }

    Task<Result<bool, NetError>> read_some(std::string& out, Milliseconds silence) override {
        if (!text_.empty()) {
            out += std::exchange(text_, {});
            co_return true;
        }
        auto reading = exchange_->read_some(out);
        auto more = co_await async::with_deadline(clock_, clock_.now() + silence, std::move(reading));
        if (more) co_return std::move(*more);
        co_return std::unexpected(silent_for(silence));
    }

private:
    Task<Result<std::optional<std::string>, NetError>> read_line() {
        for (;;) {
            const auto end = text_.find('\n');
            if (end != std::string::npos || text_.size() >= line_max) co_return take(std::min(end, line_max), end < line_max);
            CO_TRY(more, co_await exchange_->read_some(text_));
            if (more) continue;
            if (text_.empty()) co_return std::nullopt;
            co_return take(text_.size(), false);
        }
    }
    static NetError silent_for(Milliseconds silence) {
        return {NetError::Kind::timed_out, fmt::format("nothing came for {}", duration_text(silence))};
    }
    std::optional<std::string> take(std::size_t size, bool with_end) {
        auto line = text_.substr(0, size);
        text_.erase(0, size + (with_end ? 1 : 0));
        if (line.ends_with('\r')) line.pop_back();
        return line;
    }

    Clock& clock_;
    std::unique_ptr<Exchange> exchange_;
    std::string text_;
};

HttpClient::HttpClient(asio::any_io_executor executor, Clock& clock, Remote remote, std::optional<tls::Context> secured)
    : executor_(std::move(executor)),
      clock_(clock),
      remote_(std::move(remote)),
      secured_(std::move(secured)) {
    ASSERT(!remote_.is_tls || secured_, "whoever calls a server by TLS says whom to trust");
}

Task<Result<std::unique_ptr<HttpClient::Exchange>, NetError>> HttpClient::begin(ClientRequest request) {
    const bool to_head = request.method == "HEAD";
    const auto text = request_text(request, remote_.host);
    if (kept_) {
        auto exchange = std::make_unique<Exchange>(std::move(kept_), to_head);
        const auto sent = co_await exchange->send(text);
        if (sent) {
            const auto head = co_await exchange->read_head();
            if (head) co_return exchange;
            if (!exchange->is_untouched() || !may_repeat(request.method)) co_return std::unexpected(head.error());
        }
    }
    CO_TRY(transport, co_await connect(executor_, remote_, secured_));
    auto exchange = std::make_unique<Exchange>(std::move(transport), to_head);
    CO_TRY_OK(co_await exchange->send(text));
    CO_TRY_OK(co_await exchange->read_head());
    co_return exchange;
}

Task<Result<ClientResponse, NetError>> HttpClient::attempt(ClientRequest request) {
    CO_TRY(exchange, co_await begin(std::move(request)));
    auto response = std::move(exchange->response);
    for (;;) {
        CO_TRY(more, co_await exchange->read_some(response.body));
        if (!more) break;
        if (response.body.size() > body_max) {
            co_return std::unexpected(NetError{NetError::Kind::invalid, fmt::format("the answer has more than {} bytes", body_max)});
        }
    }
    if (exchange->may_be_kept()) kept_ = exchange->take_transport();
    co_return response;
}

Task<Result<ClientResponse, NetError>> HttpClient::send(ClientRequest request, Milliseconds limit) {
    auto attempting = attempt(std::move(request));
    auto response = co_await async::with_deadline(clock_, clock_.now() + limit, std::move(attempting));
    if (!response) co_return std::unexpected(too_late(limit));
    co_return std::move(*response);
}

Task<Result<std::unique_ptr<ClientStream>, NetError>> HttpClient::open(ClientRequest request, Milliseconds limit) {
    auto beginning = begin(std::move(request));
    auto exchange = co_await async::with_deadline(clock_, clock_.now() + limit, std::move(beginning));
    if (!exchange) co_return std::unexpected(too_late(limit));
    if (!*exchange) co_return std::unexpected(std::move(*exchange).error());
    co_return std::make_unique<LineStream>(clock_, std::move(**exchange));
}

NetError HttpClient::too_late(Milliseconds limit) const {
    return {NetError::Kind::timed_out, fmt::format("{} did not answer within {}", remote_.text(), duration_text(limit))};
}

}  // namespace gk::net
