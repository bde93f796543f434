#include "adapters/download/web.hpp"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "adapters/download/failure.hpp"
#include "net/http_client/client.hpp"

namespace gk::download {
namespace {

using Kind = GameFilesError::Kind;
constexpr std::string_view scheme = "https://";

struct Address {
    std::string server;  // "https://castle.example:8443"
    std::string target;  // "/server.jar?a=b"
};

std::optional<Address> address_of(std::string_view url) {
    if (!url.starts_with(scheme)) return std::nullopt;
    url = url.substr(0, url.find('#'));
    const auto end = std::min(url.find_first_of("/?", scheme.size()), url.size());
    auto target = std::string(url.substr(end));
    if (!target.starts_with('/')) target.insert(0, "/");
    for (const char c : target) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
    }
    return Address{.server = std::string(url.substr(0, end)), .target = std::move(target)};
}

bool is_redirect(int status) { return status == 301 || status == 302 || status == 303 || status == 307 || status == 308; }

// What asking again will not change, and what it may.
Kind kind_of(int status) {
    const bool for_now = status == 408 || status == 425 || status == 429;
    return status >= 400 && status < 500 && !for_now ? Kind::refused : Kind::unavailable;
}

Result<std::string, GameFilesError> redirected(const std::string& url, const Address& from, const net::ClientResponse& head) {
    const auto location = head.header("Location");
    if (!location) return fail(Kind::refused, fmt::format("{} answered {} without saying where to go", url, head.status));
    if (location->starts_with("//")) return "https:" + std::string(*location);
    if (location->starts_with('/')) return from.server + std::string(*location);
    if (location->starts_with(scheme)) return std::string(*location);
    return fail(Kind::refused, fmt::format("{} sends on to '{}', which is no https address; name the final one in the definition", url, *location));
}

std::optional<std::uint64_t> announced_size(const net::ClientResponse& head) {
    const auto text = head.header("Content-Length");
    std::uint64_t size = 0;
    if (!text || std::from_chars(text->data(), text->data() + text->size(), size).ec != std::errc()) return std::nullopt;
    return size;
}

std::unexpected<GameFilesError> too_large(const std::string& url, std::uint64_t bytes_max) {
    return fail(Kind::refused,
                fmt::format("{} is larger than {} MiB; when that is right, raise 'size_max_mib' in the definition", url, bytes_max >> 20));
}

}  // namespace

Task<Result<Success, GameFilesError>> Web::get(std::string url, std::uint64_t bytes_max, Receive receive) {
    auto at = url;
    for (int i = 0; i <= limits_.redirects_max; ++i) {
        CO_TRY(onward, co_await visit(at, bytes_max, receive));
        if (!onward) co_return Success{};
        at = *onward;
    }
    co_return fail(Kind::refused, fmt::format("{} sends on more than {} times, the last time to {}", url, limits_.redirects_max, at));
}

// The address to go on to; nothing when the body was received.
Task<Result<std::optional<std::string>, GameFilesError>> Web::visit(std::string url, std::uint64_t bytes_max, Receive receive) {
    const auto address = address_of(url);
    const auto remote = address ? net::parse_remote(address->server) : std::unexpected(std::string());
    if (!remote) co_return fail(Kind::refused, fmt::format("'{}' is no address such as https://castle.example/server.jar", url));
    net::HttpClient client(executor_, clock_, *remote, trust_);
    net::ClientRequest request{.target = address->target, .headers = {{"User-Agent", "gamekeeper"}, {"Accept", "*/*"}}};
    const auto until = clock_.now() + limits_.total;
    const auto stream = co_await client.open(std::move(request), limits_.answer);
    if (!stream) co_return fail(Kind::unavailable, fmt::format("{}: {}", url, stream.error().detail));
    const auto& head = (*stream)->head();
    if (is_redirect(head.status)) co_return redirected(url, *address, head);
    if (head.status != 200) co_return fail(kind_of(head.status), fmt::format("{} answered {}", url, head.status));
    if (announced_size(head).value_or(0) > bytes_max) co_return too_large(url, bytes_max);
    std::uint64_t size = 0;
    for (std::string bytes;; bytes.clear()) {
        const auto more = co_await (*stream)->read_some(bytes, limits_.silence);
        if (!more) co_return fail(Kind::unavailable, fmt::format("{} ended too early, after {} bytes: {}", url, size, more.error().detail));
        if (!*more) co_return std::nullopt;
        size += bytes.size();
        if (size > bytes_max) co_return too_large(url, bytes_max);
        CO_TRY_OK(receive(bytes));
        if (clock_.now() > until) co_return fail(Kind::unavailable, fmt::format("{} was not here within {}", url, duration_text(limits_.total)));
    }
}

}  // namespace gk::download
