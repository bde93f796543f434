#include "wire/opening/proxy_header.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::wire::opening {

namespace {
constexpr std::string_view begin_v1 = "PROXY ";
constexpr std::size_t size_max_v1 = 107;
constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::uint8_t command_local = 0x20;
constexpr std::uint8_t command_proxy = 0x21;
constexpr std::uint8_t family_v4 = 0x10;
constexpr std::uint8_t family_v6 = 0x20;
constexpr std::uint8_t transport_stream = 1;
constexpr std::uint8_t transport_datagram = 2;
constexpr std::uint8_t tlv_authority = 2;
constexpr std::uint8_t tlv_checksum = 3;
constexpr std::size_t authority_size_max = 255;

bool begins_like(ByteSpan bytes, std::string_view begin) {
    const auto known = std::min(bytes.size(), begin.size());
    return as_text(bytes.first(known)) == begin.substr(0, known);
}

std::size_t address_size(Family family) { return family == Family::v4 ? 4 : 16; }

std::optional<Endpoint> endpoint_of(Family family, std::string_view address, std::string_view port) {
    Endpoint out;
    if (::inet_pton(family == Family::v4 ? AF_INET : AF_INET6, std::string(address).c_str(), out.address.data()) != 1) return std::nullopt;
    const auto [last, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (error != std::errc() || last != port.data() + port.size() || (port.size() > 1 && port[0] == '0')) return std::nullopt;
    return out;
}

std::string address_text(Family family, const Endpoint& endpoint) {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family == Family::v4 ? AF_INET : AF_INET6, endpoint.address.data(), text, sizeof text);
    return text;
}

Result<ProxyHeader, HeaderTrouble> parse_v1(ByteSpan so_far) {
    const auto text = as_text(so_far.first(std::min(so_far.size(), size_max_v1)));
    const auto end = text.find("\r\n");
    if (end == std::string_view::npos) {
        return std::unexpected(so_far.size() < size_max_v1 ? HeaderTrouble::incomplete : HeaderTrouble::malformed);
    }
    const auto words = split(text.substr(0, end), ' ');
    if (words.size() >= 2 && words[1] == "UNKNOWN") return ProxyHeader{.who = Local{}, .size = end + 2};
    if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return std::unexpected(HeaderTrouble::malformed);
    Proxied peer{
        .family = words[1] == "TCP4" ? Family::v4 : Family::v6, .transport = Transport::stream, .source = {}, .destination = {}, .authority = {}};
    const auto source = endpoint_of(peer.family, words[2], words[4]), destination = endpoint_of(peer.family, words[3], words[5]);
    if (!source || !destination) return std::unexpected(HeaderTrouble::malformed);
    peer.source = *source;
    peer.destination = *destination;
    return ProxyHeader{.who = peer, .size = end + 2};
}

// CRC32C, as the header's checksum wants it; headers are short and rare enough for one bit at a time.
std::uint32_t crc32c(std::uint32_t crc, std::byte byte) {
    crc ^= std::to_integer<std::uint32_t>(byte);
    for (int i = 0; i < 8; ++i) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
    return crc;
}

// Over the whole header, with noughts where the checksum stands.
bool checksum_is(std::uint32_t expected, ByteSpan header, std::size_t at) {
    std::uint32_t crc = 0xffffffff;
    for (std::size_t i = 0; i < header.size(); ++i) crc = crc32c(crc, i >= at && i < at + 4 ? std::byte{0} : header[i]);
    return ~crc == expected;
}

bool read_tlvs(ByteReader in, ByteSpan header, Proxied& out) {
    while (!in.empty()) {
        const auto type = in.big_endian<std::uint8_t>();
        const auto size = in.big_endian<std::uint16_t>();
        const auto at = header.size() - in.remaining();
        const auto value = size ? in.bytes(*size) : std::nullopt;
        if (!value) return false;
        if (*type == tlv_authority) {
            if (value->size() > authority_size_max || !is_utf8(as_text(*value))) return false;
            out.authority = as_text(*value);
        }
        if (*type == tlv_checksum) {
            const auto sum = ByteReader(*value).big_endian<std::uint32_t>();
            if (!sum || value->size() != sizeof *sum || !checksum_is(*sum, header, at)) return false;
        }
    }
    return true;
}

std::optional<Endpoint> read_address(ByteReader& in, Family family) {
    const auto bytes = in.bytes(address_size(family));
    if (!bytes) return std::nullopt;
    Endpoint out;
    std::ranges::copy(*bytes, out.address.begin());
    return out;
}

std::optional<Proxied> parse_addresses(ByteReader in, std::uint8_t kind, ByteSpan header) {
    const auto family = kind & 0xf0, transport = kind & 0x0f;
    if ((family != family_v4 && family != family_v6) || (transport != transport_stream && transport != transport_datagram)) return std::nullopt;
    Proxied out{.family = family == family_v4 ? Family::v4 : Family::v6,
                .transport = transport == transport_stream ? Transport::stream : Transport::datagram,
                .source = {},
                .destination = {},
                .authority = {}};
    const auto source = read_address(in, out.family), destination = read_address(in, out.family);
    const auto source_port = in.big_endian<std::uint16_t>(), destination_port = in.big_endian<std::uint16_t>();
    if (!source || !destination || !source_port || !destination_port) return std::nullopt;
    out.source = {source->address, *source_port};
    out.destination = {destination->address, *destination_port};
    return read_tlvs(in, header, out) ? std::optional(std::move(out)) : std::nullopt;
}

Result<ProxyHeader, HeaderTrouble> parse_v2(ByteSpan so_far) {
    ByteReader in(so_far);
    if (!in.bytes(signature.size())) return std::unexpected(HeaderTrouble::incomplete);
    const auto command = in.big_endian<std::uint8_t>();
    if (command && *command != command_local && *command != command_proxy) return std::unexpected(HeaderTrouble::malformed);
    const auto kind = in.big_endian<std::uint8_t>();
    const auto size = in.big_endian<std::uint16_t>();
    if (!kind || !size) return std::unexpected(HeaderTrouble::incomplete);
    const auto header_size = so_far.size() - in.remaining() + *size;
    if (header_size > proxy_header_size_max) return std::unexpected(HeaderTrouble::malformed);
    const auto body = in.bytes(*size);
    if (!body) return std::unexpected(HeaderTrouble::incomplete);
    // Unix sockets and unknown families name nobody whom a game could know.
    const bool names_nobody = (*kind & 0xf0) == 0 || (*kind & 0xf0) == 0x30;
    if (*command == command_local || names_nobody) return ProxyHeader{.who = Local{}, .size = header_size};
    auto peer = parse_addresses(ByteReader(*body), *kind, so_far.first(header_size));
    if (!peer) return std::unexpected(HeaderTrouble::malformed);
    return ProxyHeader{.who = std::move(*peer), .size = header_size};
}
}  // namespace

Result<ProxyHeader, HeaderTrouble> parse_proxy_header(ByteSpan so_far) {
    if (so_far.empty()) return std::unexpected(HeaderTrouble::incomplete);
    if (begins_like(so_far, signature)) return parse_v2(so_far);
    if (begins_like(so_far, begin_v1)) return parse_v1(so_far);
    return std::unexpected(HeaderTrouble::malformed);
}

std::string proxy_header_v1(const Proxied& peer) {
    return fmt::format("PROXY {} {} {} {} {}\r\n", peer.family == Family::v4 ? "TCP4" : "TCP6", address_text(peer.family, peer.source),
                       address_text(peer.family, peer.destination), peer.source.port, peer.destination.port);
}

std::vector<std::byte> proxy_header_v2(const Proxied& peer) {
    ByteWriter body;
    for (const auto* end : {&peer.source, &peer.destination}) body.bytes(std::span(end->address).first(address_size(peer.family)));
    body.big_endian(peer.source.port).big_endian(peer.destination.port);
    const auto authority = std::string_view(peer.authority).substr(0, authority_size_max);
    if (!authority.empty()) body.big_endian(tlv_authority).big_endian(static_cast<std::uint16_t>(authority.size())).text(authority);
    ByteWriter out;
    out.text(signature).big_endian(command_proxy);
    out.big_endian(static_cast<std::uint8_t>((peer.family == Family::v4 ? family_v4 : family_v6) |
                                             (peer.transport == Transport::stream ? transport_stream : transport_datagram)));
    return out.big_endian(static_cast<std::uint16_t>(body.view().size())).bytes(body.view()).take();
}

}  // namespace gk::wire::opening
