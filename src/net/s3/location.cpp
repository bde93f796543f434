#include "net/s3/location.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::net::s3 {
namespace {

constexpr std::string_view scheme = "s3:";
constexpr std::size_t bucket_min = 3;
constexpr std::size_t bucket_max = 63;

bool is_bucket(std::string_view name) {
    return name.size() >= bucket_min && name.size() <= bucket_max &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

bool is_prefix(std::string_view prefix) {
    return prefix.empty() || std::ranges::all_of(split(prefix, '/'), [](std::string_view part) {
               return !part.empty() && part != "." && part != ".." &&
                      part.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == std::string_view::npos;
           });
}

}  // namespace

// Without the port that is usual: it belongs to the name that is signed only when it is said.
std::string Location::text() const {
    auto endpoint = remote.text();
    const std::string_view usual = remote.is_tls ? ":443" : ":80";
    if (endpoint.ends_with(usual)) endpoint.resize(endpoint.size() - usual.size());
    const auto place = fmt::format("{}{}/{}", scheme, endpoint, bucket);
    return prefix.empty() ? place : fmt::format("{}/{}", place, prefix);
}

bool is_location(std::string_view text) { return text.starts_with(scheme); }

Result<Location, std::string> parse_location(std::string_view text) {
    const auto wrong = [&](std::string_view why) {
        return std::unexpected(fmt::format("'{}' {}; write s3:https://ENDPOINT/BUCKET/PREFIX", text, why));
    };
    if (!is_location(text)) return wrong("is no place in an object store");
    const auto url = text.substr(scheme.size());
    if (!url.starts_with("https://") && !url.starts_with("http://")) return wrong("names no https:// endpoint");
    const auto host_end = url.find('/', url.find("//") + 2);
    if (host_end == std::string_view::npos) return wrong("names no bucket");
    auto remote = parse_remote(url.substr(0, host_end));
    if (!remote) return std::unexpected(remote.error());
    auto path = url.substr(host_end + 1);
    if (path.ends_with('/')) path.remove_suffix(1);
    const auto bucket_end = std::min(path.find('/'), path.size());
    const auto bucket = path.substr(0, bucket_end);
    const auto prefix = path.substr(std::min(bucket_end + 1, path.size()));
    if (!is_bucket(bucket)) return wrong("names no bucket: it has 3 to 63 small letters, digits, '.' and '-'");
    if (!is_prefix(prefix)) return wrong("has a prefix with more than letters, digits, '.', '_', '-' and single '/'");
    return Location{.remote = std::move(*remote), .bucket = std::string(bucket), .prefix = std::string(prefix)};
}

}  // namespace gk::net::s3
