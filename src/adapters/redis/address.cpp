#include "adapters/redis/address.hpp"

#include <charconv>

#include <fmt/format.h>

namespace gk::redis {
namespace {

constexpr int database_max = 1'000'000;
constexpr std::string_view usual_port = "6379";

std::string no_address(std::string_view text) {
    return fmt::format("'{}' is no address of a Redis; write redis://[USER@]HOST[:PORT][/NUMBER], rediss:// for TLS, or unix:PATH", text);
}

}  // namespace

Result<Address, std::string> parse_address(std::string_view text) {
    Address address;
    if (text.starts_with("unix:")) {
        TRY(remote, net::parse_remote(text));
        address.remote = std::move(remote);
        return address;
    }
    const bool is_tls = text.starts_with("rediss://");
    if (!is_tls && !text.starts_with("redis://")) return std::unexpected(no_address(text));
    auto rest = text.substr(text.find("//") + 2);
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        const auto number = rest.substr(slash + 1);
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), address.database);
        const bool is_number = error == std::errc() && end == number.data() + number.size();
        if (!number.empty() && (!is_number || address.database < 0 || address.database > database_max)) return std::unexpected(no_address(text));
        rest = rest.substr(0, slash);
    }
    if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
        address.user = rest.substr(0, at);
        rest = rest.substr(at + 1);
        if (address.user.find(':') != std::string::npos)
            return std::unexpected(
                std::string("a password does not belong into the address of a Redis, which is shown to people: it has a file of its own"));
    }
    const bool has_port = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
    const auto remote =
        net::parse_remote(fmt::format("{}://{}{}{}", is_tls ? "https" : "http", rest, has_port ? "" : ":", has_port ? "" : usual_port));
    if (!remote) return std::unexpected(no_address(text));
    address.remote = *remote;
    return address;
}

}  // namespace gk::redis
