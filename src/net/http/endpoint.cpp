#include "net/http/endpoint.hpp"

#include <charconv>
#include <sys/un.h>

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace gk::net {
namespace {

using boost::asio::ip::make_address;

Result<Endpoint, std::string> unix_endpoint(std::string_view path) {
    constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
    if (!path.starts_with('/')) return std::unexpected(fmt::format("the socket path '{}' does not start with '/'", path));
    if (path.size() > longest)
        return std::unexpected(fmt::format("the socket path '{}' is longer than the {} bytes that Linux allows", path, longest));
    Endpoint endpoint;
    endpoint.path = path;
    return endpoint;
}

}  // namespace

bool Endpoint::is_local() const {
    boost::system::error_code error;
    return is_unix() || (make_address(address, error).is_loopback() && !error);
}

std::string Endpoint::text() const {
    if (is_unix()) return "unix:" + path;
    return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port) : fmt::format("[{}]:{}", address, port);
}

Result<Endpoint, std::string> parse_endpoint(std::string_view text) {
    if (text.starts_with("unix:")) return unix_endpoint(text.substr(5));
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos)
        return std::unexpected(fmt::format("'{}' has no port; write ADDRESS:PORT, for example 127.0.0.1:8080", text));
    auto host = text.substr(0, colon);
    const auto digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (failed != std::errc() || end != digits.data() + digits.size()) {
        return std::unexpected(fmt::format("'{}' is no port; use a number from 0 to 65535", digits));
    }
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    if (host == "localhost") host = "127.0.0.1";
    boost::system::error_code error;
    const auto address = make_address(std::string(host), error);
    if (error || address.is_v6() != bracketed) {
        return std::unexpected(fmt::format("'{}' is no IP address; use one like 127.0.0.1 or [::1]", text.substr(0, colon)));
    }
    Endpoint endpoint;
    endpoint.address = address.to_string();
    endpoint.port = port;
    return endpoint;
}

}  // namespace gk::net
