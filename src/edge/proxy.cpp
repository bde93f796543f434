#include "edge/proxy.hpp"

#include <algorithm>
#include <variant>

namespace gk::edge {
namespace {

namespace opening = wire::opening;
constexpr std::size_t v4_size = 4;

Endpoint from_wire(opening::Family family, const opening::Endpoint& end) {
    std::array<std::uint8_t, 16> bytes{};
    std::ranges::transform(end.address, bytes.begin(), [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
    if (family == opening::Family::v6) return {.address = wake::Address::v6(bytes), .port = end.port};
    return {.address = wake::Address::v4({bytes[0], bytes[1], bytes[2], bytes[3]}), .port = end.port};
}

opening::Endpoint to_wire(opening::Family family, const Endpoint& end) {
    const auto bytes = std::as_bytes(std::span(end.address.bytes()));
    opening::Endpoint out{.address = {}, .port = end.port};
    std::ranges::copy(family == opening::Family::v4 ? bytes.last(v4_size) : bytes, out.address.begin());
    return out;
}

}  // namespace

Result<Introduction, opening::HeaderTrouble> read_introduction(ByteSpan so_far, const Endpoint& peer) {
    TRY(header, opening::parse_proxy_header(so_far));
    const auto* player = std::get_if<opening::Proxied>(&header.who);
    if (player == nullptr) return Introduction{.source = peer, .destination = std::nullopt, .size = header.size};
    return Introduction{
        .source = from_wire(player->family, player->source), .destination = from_wire(player->family, player->destination), .size = header.size};
}

std::vector<std::byte> introduction(ProxyTo version, opening::Transport transport, const Endpoint& source, const Endpoint& destination,
                                    std::string_view host) {
    if (version == ProxyTo::none) return {};
    // One family for both: addresses of IPv4 wear the clothes of IPv6 when the other one is of IPv6.
    const auto family = source.address.is_v4() && destination.address.is_v4() ? opening::Family::v4 : opening::Family::v6;
    const opening::Proxied player{.family = family,
                                  .transport = transport,
                                  .source = to_wire(family, source),
                                  .destination = to_wire(family, destination),
                                  .authority = std::string(host)};
    if (version == ProxyTo::v2) return opening::proxy_header_v2(player);
    const auto text = opening::proxy_header_v1(player);
    const auto bytes = as_byte_span(text);
    return {bytes.begin(), bytes.end()};
}

}  // namespace gk::edge
