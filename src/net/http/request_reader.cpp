#include "net/http/request_reader.hpp"

#include <algorithm>
#include <limits>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <fmt/format.h>

namespace gk::net {
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace {

using boost::system::error_code;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

Problem bad_request(std::string detail) { return {400, "bad_request", std::move(detail), {}}; }

Problem from_beast(const error_code& error) {
    if (error == http::error::bad_version) return {505, "http_version", "only HTTP/1.0 and HTTP/1.1 are spoken here", {}};
    return bad_request("the request is malformed: " + error.message());
}

// How often the headers that decide about length and addressee stand in a head.
struct Framing {
    int hosts = 0;
    int lengths = 0;
    int encodings = 0;
    bool only_chunked = true;
    bool plain_length = true;
};

}  // namespace

// Beast's parser, which calls back with views into the bytes it is given.
class RequestReader::Parser : public http::basic_parser<true> {
public:
    Parser() {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // The reader has its own limits, of which it tells more clearly.
        body_limit(boost::none);
    }
    void begin(Request& request) { request_ = &request; }
    void set_body_max(std::size_t body_max) { body_max_ = body_max; }

    Framing framing;
    std::string_view method;
    std::string_view expectation;

private:
    void on_request_impl(http::verb, beast::string_view method_text, beast::string_view target, int, error_code&) override {
        method = view(method_text);
        request_->raw_target = view(target);
    }
    void on_response_impl(int, beast::string_view, int, error_code&) override {}
    void on_field_impl(http::field field, beast::string_view name, beast::string_view value, error_code&) override {
        if (is_header_done()) return;  // A trailer behind a chunked body: nothing here has a use for one.
        request_->headers.push_back({view(name), view(value)});
        if (field == http::field::host) ++framing.hosts;
        if (field == http::field::content_length) {
            ++framing.lengths;
            // Beast reads "5, 5" as 5.
            framing.plain_length = std::ranges::all_of(view(value), [](char c) { return c >= '0' && c <= '9'; });
        }
        if (field == http::field::expect) expectation = view(value);
        if (field == http::field::transfer_encoding) {
            ++framing.encodings;
            framing.only_chunked = framing.only_chunked && beast::iequals(value, "chunked");
        }
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& size, error_code&) override {
        if (size) request_->body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*size, body_max_)));
    }
    std::size_t on_body_impl(beast::string_view bytes, error_code& error) override { return take(bytes, error); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code& error) override { return take(bytes, error); }
    void on_finish_impl(error_code&) override {}

    std::size_t take(beast::string_view bytes, error_code& error) {
        if (bytes.size() > body_max_ - request_->body.size()) {
            error = http::error::body_limit;
            return 0;
        }
        request_->body.append(bytes.data(), bytes.size());
        return bytes.size();
    }

    Request* request_ = nullptr;
    std::size_t body_max_ = 0;
};

namespace {

// What Beast 1.81 lets pass although readers in front of or behind us may understand it differently.
Result<Success, Problem> check_framing(const Framing& framing, std::string_view head, bool is_1_0) {
    if (head.find("\r\n ") != std::string_view::npos || head.find("\r\n\t") != std::string_view::npos) {
        return std::unexpected(bad_request("a header goes on in a second line, which HTTP no longer allows; send it in one"));
    }
    if (framing.encodings > 0 && framing.lengths > 0)
        return std::unexpected(bad_request("Transfer-Encoding and Content-Length exclude each other; send one"));
    if (framing.encodings > 1 || !framing.only_chunked)
        return std::unexpected(bad_request("the only Transfer-Encoding known here is \"chunked\", once"));
    if (framing.encodings > 0 && is_1_0) return std::unexpected(bad_request("HTTP/1.0 has no Transfer-Encoding; send Content-Length"));
    if (framing.lengths > 1) return std::unexpected(bad_request("Content-Length stands more than once; send it once"));
    if (!framing.plain_length) return std::unexpected(bad_request("Content-Length is not one number"));
    if (framing.hosts > 1) return std::unexpected(bad_request("Host stands more than once; send it once"));
    if (framing.hosts == 0 && !is_1_0) return std::unexpected(bad_request("the Host header is missing"));
    return Success{};
}

}  // namespace

RequestReader::RequestReader(FramingLimits limits) : limits_(limits) { reset(); }
RequestReader::~RequestReader() = default;

void RequestReader::reset() {
    parser_ = std::make_unique<Parser>();
    scanned_ = 0;
}

Result<std::size_t, Problem> RequestReader::read_head(std::string_view bytes, Request& request) {
    // Empty lines before a request are left over from careless clients' bodies; RFC 9112 asks to skip them.
    std::size_t start = 0;
    while (bytes.substr(start).starts_with("\r\n") && start < 4) start += 2;
    const auto end = bytes.find("\r\n\r\n", std::max(scanned_, start));
    const auto size = end == std::string_view::npos ? bytes.size() : end + 4;
    if (size - start > limits_.head_max) {
        return std::unexpected(
            Problem{431, "headers_too_large", fmt::format("request line and headers have more than {} bytes", limits_.head_max), {}});
    }
    if (end == std::string_view::npos) {
        scanned_ = bytes.size() < start + 3 ? 0 : bytes.size() - 3;
        return 0;
    }
    head_.assign(bytes.substr(start, size - start));
    parser_->begin(request);
    request.headers.clear();
    request.body.clear();
    error_code error;
    const auto taken = parser_->put(boost::asio::buffer(head_), error);
    if (error && error != http::error::need_more) return std::unexpected(from_beast(error));
    if (!parser_->is_header_done() || taken != head_.size()) return std::unexpected(bad_request("the head of the request is malformed"));
    TRY_OK(finish_head(request));
    parser_->eager(true);
    return size;
}

Result<Success, Problem> RequestReader::finish_head(Request& request) {
    TRY_OK(check_framing(parser_->framing, head_, is_http_1_0()));
    if (request.headers.size() > limits_.headers_max) {
        return std::unexpected(Problem{431, "headers_too_large", fmt::format("there are more than {} headers", limits_.headers_max), {}});
    }
    if (request.raw_target.size() > limits_.target_max) {
        return std::unexpected(Problem{414, "target_too_long", fmt::format("the request target has more than {} bytes", limits_.target_max), {}});
    }
    const auto method = from_name<Method>(parser_->method);
    if (!method) return std::unexpected(Problem{501, "unknown_method", fmt::format("the method {} is not known here", parser_->method), {}});
    request.method = *method;
    if (!parser_->expectation.empty() && !beast::iequals(parser_->expectation, "100-continue")) {
        return std::unexpected(Problem{417, "expectation_failed", "the only expectation known here is \"100-continue\"", {}});
    }
    auto target = parse_target(request.raw_target);
    if (!target) return std::unexpected(bad_request(std::move(target).error()));
    request.target = std::move(*target);
    return Success{};
}

Result<std::size_t, Problem> RequestReader::read_body(std::string_view bytes, Request& request, std::size_t body_max) {
    const Problem too_large{413, "body_too_large", fmt::format("the body has more than {} bytes", body_max), {}};
    if (content_length().value_or(0) > body_max) return std::unexpected(too_large);
    parser_->begin(request);
    parser_->set_body_max(body_max);
    std::size_t taken = 0;
    while (taken < bytes.size() && !parser_->is_done()) {
        error_code error;
        const auto more = parser_->put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
        taken += more;
        if (error == http::error::body_limit) return std::unexpected(too_large);
        if (error == http::error::need_more || (!error && more == 0)) break;
        if (error) return std::unexpected(from_beast(error));
    }
    return taken;
}

bool RequestReader::is_complete() const { return parser_->is_done(); }
bool RequestReader::keeps_alive() const { return parser_->is_header_done() && parser_->keep_alive(); }
bool RequestReader::expects_continue() const { return !parser_->expectation.empty() && !is_http_1_0(); }

bool RequestReader::is_http_1_0() const {
    const auto line = std::string_view(head_).substr(0, head_.find("\r\n"));
    return line.ends_with("HTTP/1.0");
}

std::optional<std::uint64_t> RequestReader::content_length() const {
    const auto length = parser_->content_length();
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
}

}  // namespace gk::net
