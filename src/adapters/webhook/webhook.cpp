#include "adapters/webhook/webhook.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/value.hpp"
#include "net/http_client/client.hpp"
#include "tls/digest.hpp"

namespace gk::webhook {
namespace {

constexpr Milliseconds answer_most = std::chrono::seconds(30);

std::string body_of(const Letter& letter) {
    return to_json(Value::object({{"id", letter.id},
                                  {"kind", letter.kind},
                                  {"server", letter.server},
                                  {"subject", letter.subject},
                                  {"text", letter.text},
                                  {"over", letter.says_over},
                                  {"at", rfc3339(letter.at)}}));
}

ByteSpan bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

bool is_final(int status) {
    const bool for_now = status == 408 || status == 425 || status == 429;
    return status >= 400 && status < 500 && !for_now;
}

}  // namespace

Result<Target, std::string> parse_target(std::string_view url) {
    const auto wrong = [&] { return std::unexpected(fmt::format("'{}' is no URL such as https://hooks.castle.example/gamekeeper", url)); };
    const auto scheme = url.find("://");
    const bool is_web = url.starts_with("https://") || url.starts_with("http://");
    const bool has_bad =
        std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f; });
    if (!is_web || has_bad || url.contains('#')) return wrong();
    const auto end = std::min(url.find_first_of("/?", scheme + 3), url.size());
    auto remote = net::parse_remote(url.substr(0, end));
    if (!remote) return wrong();
    std::string path(url.substr(end));
    if (!path.starts_with('/')) path.insert(0, "/");
    return Target{.remote = std::move(*remote), .path = std::move(path)};
}

Webhook::Webhook(boost::asio::any_io_executor executor, Clock& clock, tls::Context trust, Secret secret)
    : executor_(std::move(executor)),
      clock_(clock),
      trust_(std::move(trust)),
      secret_(std::move(secret)) {}

Task<Result<std::string, CarrierError>> Webhook::carry(Letter letter) {
    auto target = parse_target(letter.to);
    if (!target) {
        CarrierError error{.is_final = true, .detail = std::move(target).error()};
        co_return std::unexpected(std::move(error));
    }
    net::ClientRequest request;
    request.method = "POST";
    request.target = std::move(target->path);
    request.headers.emplace_back("User-Agent", "gamekeeper");
    request.headers.emplace_back("Gamekeeper-Id", letter.id);
    request.content_type = "application/json";
    request.body = body_of(letter);
    if (!secret_.empty()) {
        const auto signature = tls::hmac_sha256(bytes_of(secret_.reveal()), bytes_of(request.body));
        request.headers.emplace_back("Gamekeeper-Signature", "sha256=" + tls::hex(signature));
    }
    net::HttpClient client(executor_, clock_, std::move(target->remote), trust_);
    const auto answer = co_await client.send(std::move(request), answer_most);
    CarrierError error;
    if (answer && answer->status >= 200 && answer->status < 300) co_return fmt::format("{}", answer->status);
    error.is_final = answer && is_final(answer->status);
    error.detail = answer ? fmt::format("it answered {}", answer->status) : answer.error().detail;
    co_return std::unexpected(std::move(error));
}

}  // namespace gk::webhook
