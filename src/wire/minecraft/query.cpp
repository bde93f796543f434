#include "wire/minecraft/query.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace gk::wire::minecraft::query {

namespace {
using namespace std::string_view_literals;
constexpr std::uint16_t magic = 0xfefd;
constexpr std::uint8_t type_handshake = 9;
constexpr std::uint8_t type_stat = 0;
constexpr std::size_t full_padding = 4;
constexpr std::uint32_t session_bits = 0x0f0f0f0f;  // All that survives in a server.

// A NUL within would end the field early, and shift all others.
void put(ByteWriter& out, std::string text) {
    std::erase(text, '\0');
    out.text(text).big_endian(std::uint8_t{0});
}

void put_full(ByteWriter& out, const Status& status) {
    out.text("splitnum\0\x80\0"sv);
    const std::pair<const char*, std::string> pairs[] = {{"hostname", status.motd},
                                                         {"gametype", status.game_type},
                                                         {"game_id", "MINECRAFT"},
                                                         {"version", status.version},
                                                         {"plugins", ""},
                                                         {"map", status.map},
                                                         {"numplayers", fmt::format("{}", status.players)},
                                                         {"maxplayers", fmt::format("{}", status.players_max)},
                                                         {"hostport", fmt::format("{}", status.port)},
                                                         {"hostip", status.address}};
    for (const auto& [key, value] : pairs) {
        put(out, key);
        put(out, value);
    }
    out.text("\0\x01player_\0\0\0"sv);
}
}  // namespace

std::optional<Request> parse_request(ByteSpan datagram) {
    ByteReader in(datagram);
    if (in.big_endian<std::uint16_t>() != magic) return std::nullopt;
    const auto type = in.big_endian<std::uint8_t>();
    const auto session = in.big_endian<std::uint32_t>();
    if (!session) return std::nullopt;
    const auto kept = *session & session_bits;
    if (type == type_handshake) return in.empty() ? std::optional<Request>(HandshakeRequest{kept}) : std::nullopt;
    const auto token = in.big_endian<std::uint32_t>();
    if (type != type_stat || !token || (!in.empty() && in.remaining() != full_padding)) return std::nullopt;
    return StatRequest{.session = kept, .token = *token, .full = !in.empty()};
}

std::vector<std::byte> handshake_reply(std::uint32_t session, std::uint32_t token) {
    ByteWriter out;
    out.big_endian(type_handshake).big_endian(session);
    // Clients read a signed number.
    put(out, fmt::format("{}", static_cast<std::int32_t>(token)));
    return out.take();
}

std::vector<std::byte> stat_reply(const StatRequest& request, const Status& status) {
    ByteWriter out;
    out.big_endian(type_stat).big_endian(request.session);
    if (request.full) {
        put_full(out, status);
        return out.take();
    }
    for (const auto& field : {status.motd, status.game_type, status.map}) put(out, field);
    put(out, fmt::format("{}", status.players));
    put(out, fmt::format("{}", status.players_max));
    out.little_endian(status.port);
    put(out, status.address);
    return out.take();
}

}  // namespace gk::wire::minecraft::query
