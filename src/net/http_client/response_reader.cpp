#include "net/http_client/response_reader.hpp"

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

std::string text(beast::string_view view) { return {view.data(), view.size()}; }
std::string malformed(const error_code& error) { return "the answer is not HTTP: " + error.message(); }

}  // namespace

class ResponseReader::Parser : public http::basic_parser<false> {
public:
    explicit Parser(bool to_head) {
        skip(to_head);
        header_limit(static_cast<std::uint32_t>(head_max));
        body_limit(boost::none);
    }
    ClientResponse* response = nullptr;
    std::string* out = nullptr;

private:
    void on_request_impl(http::verb, beast::string_view, beast::string_view, int, error_code&) override {}
    void on_response_impl(int status, beast::string_view, int, error_code&) override { response->status = status; }
    void on_field_impl(http::field, beast::string_view name, beast::string_view value, error_code&) override {
        if (!is_header_done()) response->headers.emplace_back(text(name), text(value));
    }
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view bytes, error_code&) override { return append(bytes); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, error_code&) override { return append(bytes); }
    void on_finish_impl(error_code&) override {}

    std::size_t append(beast::string_view bytes) {
        out->append(bytes.data(), bytes.size());
        return bytes.size();
    }
};

std::optional<std::string_view> ClientResponse::header(std::string_view name) const {
    const auto found = std::ranges::find_if(headers, [&](const auto& it) { return beast::iequals(it.first, name); });
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

ResponseReader::ResponseReader(bool to_head) : parser_(std::make_unique<Parser>(to_head)), to_head_(to_head) {}
ResponseReader::~ResponseReader() = default;

Result<std::size_t, std::string> ResponseReader::read_head(std::string_view bytes, ClientResponse& response) {
    response = {};
    parser_->response = &response;
    error_code error;
    const auto taken = parser_->put(boost::asio::buffer(bytes.data(), bytes.size()), error);
    if (error == http::error::need_more) return taken;
    if (error) return std::unexpected(malformed(error));
    // An interim response is followed by the one that was meant.
    if (parser_->is_header_done() && response.status >= 100 && response.status < 200) parser_ = std::make_unique<Parser>(to_head_);
    return taken;
}

Result<std::size_t, std::string> ResponseReader::read_body(std::string_view bytes, std::string& out) {
    parser_->out = &out;
    parser_->eager(true);
    std::size_t taken = 0;
    while (taken < bytes.size() && !parser_->is_done()) {
        error_code error;
        const auto more = parser_->put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
        taken += more;
        if (error == http::error::need_more || (!error && more == 0)) break;
        if (error) return std::unexpected(malformed(error));
    }
    return taken;
}

Result<Success, std::string> ResponseReader::end_of_stream() {
    error_code error;
    parser_->put_eof(error);
    if (error || !parser_->is_done()) return std::unexpected("the answer broke off in the middle");
    return Success{};
}

bool ResponseReader::has_head() const { return parser_->is_header_done(); }
bool ResponseReader::is_complete() const { return parser_->is_done(); }
bool ResponseReader::keeps_alive() const { return parser_->is_header_done() && parser_->keep_alive(); }

}  // namespace gk::net
