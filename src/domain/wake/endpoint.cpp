#include "domain/wake/endpoint.hpp"

#include <charconv>

#include <fmt/format.h>

namespace gk::wake {

std::string Endpoint::text() const {
    return address.is_v4() ? fmt::format("{}:{}", address.text(), port) : fmt::format("[{}]:{}", address.text(), port);
}

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    const auto address = Address::parse(host);
    if (!address || bracketed == address->is_v4()) return std::nullopt;
    Endpoint out{.address = *address, .port = 0};
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    return error == std::errc() && end == digits.data() + digits.size() ? std::optional(out) : std::nullopt;
}

}  // namespace gk::wake
