#include "wire/query/raknet.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::wire::query::raknet {

namespace {
constexpr std::uint8_t id_ping = 0x01;
constexpr std::uint8_t id_ping_if_open = 0x02;
constexpr std::uint8_t id_open_request = 0x05;
constexpr std::uint8_t id_pong = 0x1c;
constexpr std::string_view magic("\x00\xff\xff\x00\xfe\xfe\xfe\xfe\xfd\xfd\xfd\xfd\x12\x34\x56\x78", 16);
constexpr std::size_t datagram_max = 1500;
constexpr std::size_t text_max = 100;

bool skip_magic(ByteReader& in) {
    const auto seen = in.bytes(magic.size());
    return seen && as_text(*seen) == magic;
}

std::optional<Request> parse_ping(ByteReader in) {
    const auto time = in.big_endian<std::uint64_t>();
    if (!time || !skip_magic(in)) return std::nullopt;
    // Old clients leave their own number out.
    return in.empty() || in.remaining() == sizeof(std::uint64_t) ? std::optional<Request>(Ping{*time}) : std::nullopt;
}

std::optional<Request> parse_open(ByteReader in) {
    const auto protocol = skip_magic(in) ? in.big_endian<std::uint8_t>() : std::nullopt;
    // The padding finds out how large a datagram may be; it is nought, and there is always some.
    if (!protocol || in.empty() || !std::ranges::all_of(in.rest(), [](std::byte b) { return b == std::byte{0}; })) return std::nullopt;
    return OpenRequest{.protocol = *protocol};
}

// Fields end with ';'. Cut to whole characters.
std::string field(std::string text) {
    std::ranges::replace(text, ';', ',');
    if (text.size() <= text_max) return text;
    text.resize(text_max);
    while (!is_utf8(text)) text.pop_back();
    return text;
}

std::optional<std::int32_t> number(std::string_view text) {
    std::int32_t out = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
    return failed == std::errc() && end == text.data() + text.size() ? std::optional(out) : std::nullopt;
}
}  // namespace

std::optional<Request> parse_request(ByteSpan datagram) {
    if (datagram.size() > datagram_max) return std::nullopt;
    ByteReader in(datagram);
    const auto id = in.big_endian<std::uint8_t>();
    if (id == id_ping || id == id_ping_if_open) return parse_ping(in);
    return id == id_open_request ? parse_open(in) : std::nullopt;
}

std::vector<std::byte> ping_datagram(const Ping& ping) {
    ByteWriter out;
    return out.big_endian(id_ping).big_endian(ping.time).text(magic).big_endian(std::uint64_t{0}).take();
}

std::optional<Status> parse_pong(ByteSpan datagram, const Ping& ping) {
    ByteReader in(datagram);
    if (in.big_endian<std::uint8_t>() != id_pong || in.big_endian<std::uint64_t>() != ping.time) return std::nullopt;
    if (!in.big_endian<std::uint64_t>() || !skip_magic(in)) return std::nullopt;
    const auto size = in.big_endian<std::uint16_t>();
    const auto text = size ? in.bytes(*size) : std::nullopt;
    if (!text) return std::nullopt;
    const auto fields = split(as_text(*text), ';');
    constexpr std::size_t expected = 8;  // The edition, its name, protocol, version, players, places, the server's number, the second name.
    if (fields.size() < expected || fields[0] != "MCPE") return std::nullopt;
    const auto protocol = number(fields[2]), players = number(fields[4]), players_max = number(fields[5]);
    if (!protocol || !players || !players_max) return std::nullopt;
    return Status{.motd = std::string(fields[1]),
                  .sub_motd = std::string(fields[7]),
                  .protocol = *protocol,
                  .version = std::string(fields[3]),
                  .players = *players,
                  .players_max = *players_max};
}

std::vector<std::byte> pong(const Ping& ping, std::uint64_t server, const Status& status) {
    const auto text = fmt::format("MCPE;{};{};{};{};{};{};{};Survival;1;{};{};", field(status.motd), status.protocol, field(status.version),
                                  status.players, status.players_max, server, field(status.sub_motd), status.port4, status.port6);
    ByteWriter out;
    out.big_endian(id_pong).big_endian(ping.time).big_endian(server).text(magic);
    return out.big_endian(static_cast<std::uint16_t>(text.size())).text(text).take();
}

}  // namespace gk::wire::query::raknet
