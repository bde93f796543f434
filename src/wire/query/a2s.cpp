#include "wire/query/a2s.hpp"

#include <algorithm>
#include <array>

namespace gk::wire::query::a2s {

namespace {
constexpr std::uint32_t single = 0xffffffff;
constexpr std::uint32_t no_challenge = 0xffffffff;
constexpr std::uint8_t ask_info = 0x54;
constexpr std::uint8_t ask_players = 0x55;
constexpr std::uint8_t ask_rules = 0x56;
constexpr std::uint8_t tell_challenge = 0x41;
constexpr std::uint8_t tell_info = 0x49;
constexpr std::uint8_t tell_players = 0x44;
constexpr std::uint8_t tell_rules = 0x45;
constexpr std::string_view info_text = "Source Engine Query";
constexpr std::size_t text_max = 256;
constexpr std::uint16_t the_ship_first = 2400;  // Its information says more of its rounds.
constexpr std::uint16_t the_ship_last = 2412;
constexpr std::size_t the_ship_size = 3;

bool is_the_ship(std::uint16_t app_id) { return app_id >= the_ship_first && app_id <= the_ship_last; }

// Several tools send "no challenge yet" as -1, some as 0.
std::optional<std::uint32_t> known(std::uint32_t challenge) {
    return challenge == no_challenge || challenge == 0 ? std::nullopt : std::optional(challenge);
}

std::optional<Request> parse_info_request(ByteReader in) {
    if (in.c_string() != info_text) return std::nullopt;
    if (in.empty()) return Request{.question = Question::info, .challenge = std::nullopt};
    const auto challenge = in.little_endian<std::uint32_t>();
    return challenge && in.empty() ? std::optional(Request{.question = Question::info, .challenge = known(*challenge)}) : std::nullopt;
}

void put_text(ByteWriter& out, std::string_view text) {
    out.text(text.substr(0, std::min(text.find('\0'), text_max - 1))).big_endian(std::uint8_t{0});
}

bool read_text(ByteReader& in, std::string& out) {
    const auto text = in.c_string();
    if (!text || text->size() > text_max) return false;
    out = *text;
    return true;
}

bool read_number(ByteReader& in, std::uint8_t& out) {
    const auto number = in.big_endian<std::uint8_t>();
    out = number.value_or(0);
    return number.has_value();
}
}  // namespace

std::optional<Request> parse_request(ByteSpan datagram) {
    ByteReader in(datagram);
    if (in.little_endian<std::uint32_t>() != single) return std::nullopt;
    const auto kind = in.big_endian<std::uint8_t>();
    if (kind == ask_info) return parse_info_request(in);
    if (kind != ask_players && kind != ask_rules) return std::nullopt;
    const auto challenge = in.little_endian<std::uint32_t>();
    if (!challenge || !in.empty()) return std::nullopt;
    return Request{.question = kind == ask_players ? Question::players : Question::rules, .challenge = known(*challenge)};
}

std::vector<std::byte> challenge_reply(std::uint32_t challenge) {
    ByteWriter out;
    return out.little_endian(single).big_endian(tell_challenge).little_endian(challenge).take();
}

std::vector<std::byte> info_reply(const Info& info) {
    ByteWriter out;
    out.little_endian(single).big_endian(tell_info).big_endian(info.protocol);
    for (const auto* text : {&info.name, &info.map, &info.folder, &info.game}) put_text(out, *text);
    out.little_endian(info.app_id).big_endian(info.players).big_endian(info.players_max).big_endian(info.bots);
    out.text("dl").big_endian(static_cast<std::uint8_t>(info.has_password ? 1 : 0)).big_endian(std::uint8_t{0});
    if (is_the_ship(info.app_id)) out.bytes(std::array<std::byte, the_ship_size>());
    put_text(out, info.version);
    return out.big_endian(std::uint8_t{0}).take();
}

std::vector<std::byte> no_players_reply() {
    ByteWriter out;
    return out.little_endian(single).big_endian(tell_players).big_endian(std::uint8_t{0}).take();
}

std::vector<std::byte> no_rules_reply() {
    ByteWriter out;
    return out.little_endian(single).big_endian(tell_rules).big_endian(std::uint16_t{0}).take();
}

std::vector<std::byte> info_request(std::optional<std::uint32_t> challenge) {
    ByteWriter out;
    out.little_endian(single).big_endian(ask_info);
    put_text(out, info_text);
    if (challenge) out.little_endian(*challenge);
    return out.take();
}

std::optional<std::uint32_t> parse_challenge(ByteSpan datagram) {
    ByteReader in(datagram);
    if (in.little_endian<std::uint32_t>() != single || in.big_endian<std::uint8_t>() != tell_challenge) return std::nullopt;
    return in.little_endian<std::uint32_t>();
}

std::optional<Info> parse_info(ByteSpan datagram) {
    ByteReader in(datagram);
    if (in.little_endian<std::uint32_t>() != single || in.big_endian<std::uint8_t>() != tell_info) return std::nullopt;
    Info info;
    if (!read_number(in, info.protocol)) return std::nullopt;
    for (auto* text : {&info.name, &info.map, &info.folder, &info.game}) {
        if (!read_text(in, *text)) return std::nullopt;
    }
    const auto app_id = in.little_endian<std::uint16_t>();
    if (!app_id || !read_number(in, info.players) || !read_number(in, info.players_max) || !read_number(in, info.bots)) return std::nullopt;
    info.app_id = *app_id;
    std::uint8_t visibility = 0;
    if (!in.bytes(2) || !read_number(in, visibility) || !in.bytes(1)) return std::nullopt;  // Between the kind of server, its system, and VAC.
    info.has_password = visibility != 0;
    if (is_the_ship(*app_id) && !in.bytes(the_ship_size)) return std::nullopt;
    if (!read_text(in, info.version)) return std::nullopt;
    return info;  // What may follow says nothing about players.
}

}  // namespace gk::wire::query::a2s
