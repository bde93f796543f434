#include "wire/probe/minetest.hpp"

#include <algorithm>

namespace gk::wire::probe::minetest {

namespace {
constexpr std::uint32_t protocol_number = 0x4f457403;
constexpr std::uint8_t type_control = 0;
constexpr std::uint8_t type_original = 1;
constexpr std::uint8_t type_reliable = 3;
constexpr std::uint8_t channels = 3;
constexpr std::uint16_t command_init = 2;
constexpr std::size_t name_size_max = 20;
constexpr std::uint8_t control_set_peer_id = 1;
constexpr std::uint8_t control_leave = 3;

template <std::size_t size>
std::array<std::byte, size> packed(const ByteWriter& out) {
    std::array<std::byte, size> packet{};
    std::ranges::copy(out.view(), packet.begin());
    return packet;
}

// What follows the type of a client's introduction: command, serialization, compression, versions of the protocol, name.
std::optional<Request> parse_introduction(ByteReader in) {
    if (in.big_endian<std::uint16_t>() != command_init) return std::nullopt;
    if (!in.bytes(1 + 2 + 2 + 2)) return std::nullopt;
    const auto size = in.big_endian<std::uint16_t>();
    if (!size || *size == 0 || *size > name_size_max || in.remaining() != *size) return std::nullopt;
    return Introduction{.name = as_text(in.rest())};
}
}  // namespace

std::array<std::byte, 8> connect_packet() {
    ByteWriter out;
    out.big_endian(protocol_number).big_endian(std::uint16_t{0}).big_endian(std::uint8_t{0}).big_endian(type_control);
    return packed<8>(out);
}

std::optional<std::uint16_t> parse_peer_id(ByteSpan datagram) {
    ByteReader in(datagram);
    const auto number = in.big_endian<std::uint32_t>();
    if (!number || *number != protocol_number) return std::nullopt;
    if (!in.big_endian<std::uint16_t>() || !in.big_endian<std::uint8_t>()) return std::nullopt;
    if (in.big_endian<std::uint8_t>() != type_reliable) return std::nullopt;
    if (!in.big_endian<std::uint16_t>()) return std::nullopt;  // Its sequence number.
    if (in.big_endian<std::uint8_t>() != type_control || in.big_endian<std::uint8_t>() != control_set_peer_id) return std::nullopt;
    const auto peer_id = in.big_endian<std::uint16_t>();
    return in.empty() ? peer_id : std::nullopt;
}

std::array<std::byte, 9> goodbye_packet(std::uint16_t peer_id) {
    ByteWriter out;
    out.big_endian(protocol_number).big_endian(peer_id).big_endian(std::uint8_t{0}).big_endian(type_control).big_endian(control_leave);
    return packed<9>(out);
}

std::optional<Request> parse_request(ByteSpan datagram) {
    ByteReader in(datagram);
    if (in.big_endian<std::uint32_t>() != protocol_number || in.big_endian<std::uint16_t>() != 0) return std::nullopt;
    const auto channel = in.big_endian<std::uint8_t>();
    const auto type = in.big_endian<std::uint8_t>();
    if (!type || *channel >= channels) return std::nullopt;
    if (*type == type_original) return parse_introduction(in);
    if (*type == type_control) return in.empty() ? std::optional<Request>(Ping{}) : std::nullopt;
    if (*type != type_reliable || !in.big_endian<std::uint16_t>() || in.big_endian<std::uint8_t>() != type_original) return std::nullopt;
    return in.remaining() <= 2 ? std::optional<Request>(Hello{}) : std::nullopt;
}

}  // namespace gk::wire::probe::minetest
