#include "net/http/connection.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include "async/task_group.hpp"
#include "net/http/server.hpp"

namespace gk::net {
namespace asio = boost::asio;
namespace {

// Most requests fit; thousands of clients that only listen keep it for as long as they do.
constexpr std::size_t buffer_start = 1024;
constexpr std::size_t buffer_max = 64 * 1024;
// A body up to this size is copied behind its head: cheaper than a second buffer for the kernel.
constexpr std::size_t joined_body_max = 16 * 1024;
constexpr std::size_t linger_max = 1024 * 1024;
constexpr Milliseconds linger_time = std::chrono::seconds(2);

// An id from the client goes into logs and replies, so it may hold only what cannot hurt there.
bool is_sane_id(std::string_view id) {
    const auto is_allowed = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'; };
    return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, is_allowed);
}

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

// Writes each piece as one chunk; to HTTP/1.0, which has no chunks, as it is, ended by the end of the connection.
class Connection::ChunkedStream final : public Stream {
public:
    ChunkedStream(Connection& connection, bool chunked) : connection_(connection), chunked_(chunked) {}

    Task<bool> write(std::string bytes) override {
        if (bytes.empty()) co_return !connection_.broken_;
        connection_.body_sent_ += bytes.size();
        const auto head = chunked_ ? fmt::format("{:x}\r\n", bytes.size()) : std::string();
        if (chunked_) bytes += "\r\n";
        co_return co_await connection_.write(head, bytes);
    }
    Task<bool> finish() {
        if (!chunked_) co_return false;
        co_return co_await connection_.write("0\r\n\r\n");
    }

private:
    Connection& connection_;
    bool chunked_;
};

Connection::Connection(HttpServer& server, std::unique_ptr<Transport> transport)
    : server_(server),
      transport_(std::move(transport)),
      reader_(server.limits_.framing),
      buffer_(buffer_start) {
    request_.peer = transport_->peer();
}

Task<void> Connection::run() {
    // The first request has to come soon; between requests a client may rest longer.
    set_stage(Stage::idle, server_.limits_.head_time);
    while (co_await serve_one()) set_stage(Stage::idle, server_.limits_.idle_time);
    if (!broken_) co_await part();
    transport_->close();
}

void Connection::set_stage(Stage stage, std::optional<Milliseconds> limit) {
    stage_ = stage;
    deadline_ = limit ? std::optional(server_.clock_.now() + *limit) : std::nullopt;
}

void Connection::expire(Time now) {
    if (!deadline_ || now < *deadline_) return;
    deadline_.reset();
    timed_out_ = true;
    transport_->cancel();
}

void Connection::begin_stop() {
    stopping_ = true;
    if (stage_ == Stage::idle && begin_ == end_) transport_->cancel();
    if (stream_ended_ != nullptr) stream_ended_->raise();
}

// False when the connection is to be closed.
Task<bool> Connection::serve_one() {
    const auto head = co_await read_head();
    if (broken_) co_return false;
    if (!head) co_return co_await refuse(nullptr, head.error());
    const auto match = server_.router_.match(request_);
    if (const auto* wrong = std::get_if<Router::WrongMethod>(&match)) {
        Problem problem{405, "method_not_allowed", fmt::format("{} is not possible here; allowed: {}", name_of(request_.method), wrong->allow), {}};
        problem.headers.emplace_back("Allow", wrong->allow);
        co_return co_await refuse(nullptr, std::move(problem));
    }
    if (std::holds_alternative<Router::NotFound>(match)) {
        Problem problem{404, "not_found", "there is nothing at this address", {}};
        co_return co_await refuse(nullptr, std::move(problem));
    }
    const auto* route = std::get<const Route*>(match);
    const auto body = co_await read_body(route->body_max);
    if (broken_) co_return false;
    if (!body) co_return co_await refuse(route, body.error());
    set_stage(Stage::handling, std::nullopt);
    auto response = co_await route->handler(request_);
    co_return co_await answer(route, std::move(response));
}

void Connection::begin_request() {
    reader_.reset();
    request_.raw_target = {};
    request_.target = {};
    request_.headers.clear();
    request_.body.clear();
    request_.parameters.clear();
    request_.tail = {};
    body_sent_ = 0;
    keep_alive_ = false;
}

Task<Result<Success, Problem>> Connection::read_head() {
    begin_request();
    request_.id = server_.next_id();
    for (;;) {
        if (begin_ != end_ && stage_ == Stage::idle) set_stage(Stage::reading, server_.limits_.head_time);
        if (begin_ != end_) {
            const auto taken = reader_.read_head(unread(), request_);
            if (!taken) co_return std::unexpected(taken.error());
            if (*taken > 0) {
                consume(*taken);
                break;
            }
        }
        if (stopping_ && begin_ == end_) {
            broken_ = true;
            co_return Success{};
        }
        const auto got = co_await fill_buffer();
        if (got.bytes > 0) continue;
        if (timed_out_ && begin_ != end_) {
            co_return std::unexpected(Problem{408, "request_timeout", "the request did not arrive in time", {}});
        }
        broken_ = true;
        co_return Success{};
    }
    began_ = server_.clock_.now();
    keep_alive_ = reader_.keeps_alive();
    if (const auto id = request_.header("X-Request-Id"); id && is_sane_id(*id)) request_.id = *id;
    co_return Success{};
}

Task<Result<Success, Problem>> Connection::read_body(std::size_t body_max) {
    if (reader_.is_complete()) co_return Success{};
    set_stage(Stage::reading, server_.limits_.body_time);
    bool asked = false;
    for (;;) {
        const auto taken = reader_.read_body(unread(), request_, body_max);
        if (!taken) co_return std::unexpected(taken.error());
        consume(*taken);
        if (reader_.is_complete()) co_return Success{};
        if (reader_.expects_continue() && !std::exchange(asked, true)) co_await send_continue();
        if (unread().size() >= buffer_max) co_return std::unexpected(Problem{400, "bad_request", "a chunk of the body has no readable size", {}});
        if (broken_) co_return Success{};
        const auto got = co_await fill_buffer();
        if (got.bytes > 0) continue;
        if (timed_out_) co_return std::unexpected(Problem{408, "request_timeout", "the body of the request did not arrive in time", {}});
        broken_ = true;
        co_return Success{};
    }
}

// No bytes at the end of the stream, on an error and on a time-out.
Task<ReadResult> Connection::fill_buffer() {
    if (begin_ == end_) begin_ = end_ = 0;
    if (begin_ > 0 && end_ == buffer_.size()) {
        std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
        end_ -= std::exchange(begin_, 0);
    }
    if (end_ == buffer_.size()) buffer_.resize(std::min(buffer_.size() * 2, buffer_max));
    const auto space = std::span(buffer_).subspan(end_);
    const auto got = co_await transport_->read_some(space);
    end_ += got.bytes;
    co_return got;
}

Task<void> Connection::send_continue() {
    set_stage(Stage::reading, server_.limits_.body_time);
    const auto error = co_await transport_->write_all("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) broken_ = true;
}

Task<bool> Connection::refuse(const Route* route, Problem problem) {
    // What follows on the connection cannot be trusted to be a request once a body was left unread or the framing was bad.
    if (!reader_.is_complete()) keep_alive_ = false;
    auto response = server_.render(problem);
    for (auto& header : problem.headers) response.headers.push_back(std::move(header));
    co_return co_await answer(route, std::move(response));
}

Task<bool> Connection::answer(const Route* route, Response response) {
    if (stopping_) keep_alive_ = false;
    const auto sent = response.stream ? co_await send_stream(response) : co_await send_whole(response);
    report(route, response.status);
    co_return sent&& keep_alive_;
}

Task<bool> Connection::send_whole(const Response& response) {
    out_.clear();
    append_head(response, false);
    const bool with_body = request_.method != Method::head && may_have_body(response.status);
    if (with_body) body_sent_ = response.body.size();
    const bool join = with_body && response.body.size() <= joined_body_max;
    if (join) out_ += response.body;
    const std::string_view rest = with_body && !join ? std::string_view(response.body) : std::string_view();
    set_stage(Stage::writing, std::nullopt);
    co_return co_await write(out_, rest);
}

Task<bool> Connection::write(std::string_view first, std::string_view second) {
    if (broken_) co_return false;
    deadline_ = server_.clock_.now() + server_.limits_.write_time;
    const auto error = co_await transport_->write_all(first, second);
    deadline_.reset();
    if (error) broken_ = true;
    co_return !error;
}

// The producer and a watch over the client run side by side; whichever ends first, or the server's stop, ends both.
Task<bool> Connection::send_stream(const Response& response) {
    const bool chunked = !reader_.is_http_1_0();
    if (!chunked) keep_alive_ = false;
    out_.clear();
    append_head(response, chunked);
    set_stage(Stage::streaming, std::nullopt);
    if (!co_await write(out_)) co_return false;
    if (request_.method == Method::head) co_return true;
    ChunkedStream stream(*this, chunked);
    async::Signal ended;
    async::TaskGroup children(co_await asio::this_coro::executor);
    stream_ended_ = &ended;
    children.spawn("http stream", produce(response.stream, stream, ended));
    children.spawn("http stream watch", watch_client(ended));
    auto until_end = ended.wait();
    if (stopping_) ended.raise();
    co_await async::run_with(children, std::move(until_end));
    stream_ended_ = nullptr;
    co_return !broken_ && co_await stream.finish();
}

Task<void> Connection::produce(const Response::Producer& producer, Stream& stream, async::Signal& ended) {
    co_await producer(stream);
    ended.raise();
}

// Reads ahead (a next request may come early) until the client goes away.
Task<void> Connection::watch_client(async::Signal& ended) {
    while (unread().size() < buffer_max) {
        const auto got = co_await fill_buffer();
        if (got.bytes > 0) continue;
        // Aborted means that the stream is over, or that a write took too long, which the producer is told.
        if (got.error == asio::error::operation_aborted) co_return;
        broken_ = true;
        ended.raise();
        co_return;
    }
}

void Connection::append_head(const Response& response, bool chunked) {
    auto out = std::back_inserter(out_);
    fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\nX-Request-Id: {}\r\n", response.status, reason_phrase(response.status), server_.date(),
                   request_.id);
    if (!response.content_type.empty()) fmt::format_to(out, "Content-Type: {}\r\n", response.content_type);
    if (chunked) {
        out_ += "Transfer-Encoding: chunked\r\n";
    } else if (!response.stream && may_have_body(response.status)) {
        fmt::format_to(out, "Content-Length: {}\r\n", response.body.size());
    }
    for (const auto& [name, value] : response.headers) fmt::format_to(out, "{}: {}\r\n", name, value);
    if (!keep_alive_) {
        out_ += "Connection: close\r\n";
    } else if (reader_.is_http_1_0()) {
        out_ += "Connection: keep-alive\r\n";
    }
    out_ += "\r\n";
}

// A connection that is closed while bytes wait to be read is reset, and the client may lose the reply; so they are read, within bounds.
Task<void> Connection::part() {
    set_stage(Stage::reading, linger_time);
    co_await transport_->shutdown_send();
    const bool all_was_read = reader_.is_complete() && begin_ == end_;
    if (all_was_read) co_return;
    for (std::size_t total = 0; total < linger_max;) {
        const auto got = co_await transport_->read_some(buffer_);
        if (got.bytes == 0) co_return;
        total += got.bytes;
    }
}

void Connection::report(const Route* route, int status) const {
    if (!server_.hooks_.access) return;
    Access access;
    access.method = request_.method;
    if (route != nullptr) access.route = route->pattern;
    access.target = request_.raw_target;
    access.peer = request_.peer.address.empty() ? std::string_view("unix") : std::string_view(request_.peer.address);
    access.id = request_.id;
    access.status = status;
    access.duration = server_.clock_.now() - began_;
    access.bytes = body_sent_;
    server_.hooks_.access(access);
}

}  // namespace gk::net
