#include "wire/probe/teeworlds.hpp"

#include <algorithm>
#include <string_view>

namespace gk::wire::probe::teeworlds {

namespace {
constexpr std::uint8_t flags_control = 1 << 2;
constexpr std::uint8_t flags_connectionless = 8 << 2 | 1;  // With the version of that header, 1.
constexpr std::uint8_t control_connect = 1;
constexpr std::uint8_t control_close = 4;
constexpr std::uint8_t control_token = 5;
constexpr std::size_t token_request_size = 520;
constexpr std::string_view get_info = "\xff\xff\xff\xffgie3";
constexpr std::string_view info = "\xff\xff\xff\xffinf3";
constexpr std::uint8_t request_number = 5;
constexpr std::int32_t clients_limit = 64;

bool skip(ByteReader& in, ByteSpan expected) {
    const auto seen = in.bytes(expected.size());
    return seen && std::ranges::equal(*seen, expected);
}

// Teeworlds' packed integers: 6 bits and a sign in the first byte, 7 in each further one, the top bit says that one follows.
std::optional<std::int32_t> packed_int(ByteReader& in) {
    auto byte = in.big_endian<std::uint8_t>();
    if (!byte) return std::nullopt;
    const bool negative = (*byte & 0x40) != 0;
    std::uint32_t value = *byte & 0x3f;
    for (unsigned shift = 6; (*byte & 0x80) != 0; shift += 7) {
        byte = in.big_endian<std::uint8_t>();
        if (!byte || shift > 27) return std::nullopt;
        value |= static_cast<std::uint32_t>(*byte & 0x7f) << shift;
    }
    return static_cast<std::int32_t>(negative ? ~value : value);
}

void put_packed_int(ByteWriter& out, std::int32_t number) {
    const bool negative = number < 0;
    auto rest = static_cast<std::uint32_t>(negative ? ~number : number);
    auto byte = static_cast<std::uint8_t>((negative ? 0x40 : 0) | (rest & 0x3f));
    for (rest >>= 6; rest != 0; rest >>= 7) {
        out.big_endian(static_cast<std::uint8_t>(byte | 0x80));
        byte = static_cast<std::uint8_t>(rest & 0x7f);
    }
    out.big_endian(byte);
}

std::optional<Token> read_token(ByteReader& in) {
    const auto bytes = in.bytes(Token{}.size());
    if (!bytes) return std::nullopt;
    Token token{};
    std::ranges::copy(*bytes, token.begin());
    return token;
}

std::optional<Request> parse_control(ByteReader in, std::size_t datagram_size) {
    if (datagram_size < token_request_size || !in.big_endian<std::uint16_t>()) return std::nullopt;
    const auto server = read_token(in);
    const auto control = in.big_endian<std::uint8_t>();
    const auto own = read_token(in);
    if (!own) return std::nullopt;
    if (control == control_token) return TokenRequest{.own = *own};
    if (control == control_connect) return Connect{.server = *server, .own = *own};
    return std::nullopt;
}

std::optional<Request> parse_connectionless(ByteReader in) {
    const auto server = read_token(in), own = read_token(in);
    if (!own || !skip(in, as_byte_span(get_info))) return std::nullopt;
    const auto number = packed_int(in);
    return number && in.empty() ? std::optional<Request>(InfoRequest{.server = *server, .own = *own, .number = *number}) : std::nullopt;
}

// The end of a text within a datagram.
void put_text(ByteWriter& out, std::string_view text) { out.text(text.substr(0, text.find('\0'))).big_endian(std::uint8_t{0}); }

// name, clan, country, score, kind: once per client.
bool read_client(ByteReader& in, Info& out) {
    const auto name = in.c_string();
    if (!name || !in.c_string()) return false;
    for (int i = 0; i < 3; ++i) {
        if (!packed_int(in)) return false;
    }
    out.names.emplace_back(*name);
    return true;
}
}  // namespace

std::vector<std::byte> token_request(const Token& own) {
    ByteWriter out;
    out.big_endian(flags_control).big_endian(std::uint16_t{0}).big_endian(std::uint32_t{0xffffffff});
    out.big_endian(control_token).bytes(own);
    auto datagram = out.take();
    datagram.resize(token_request_size);
    return datagram;
}

std::optional<Token> parse_token(ByteSpan datagram, const Token& own) {
    ByteReader in(datagram);
    if (in.big_endian<std::uint8_t>() != flags_control || !in.big_endian<std::uint16_t>()) return std::nullopt;
    if (!skip(in, own) || in.big_endian<std::uint8_t>() != control_token) return std::nullopt;
    return read_token(in);
}

std::vector<std::byte> info_request(const Token& server, const Token& own) {
    ByteWriter out;
    out.big_endian(flags_connectionless).bytes(server).bytes(own).text(get_info).big_endian(request_number);
    return out.take();
}

std::optional<Info> parse_info(ByteSpan datagram, const Token& own) {
    ByteReader in(datagram);
    if (in.big_endian<std::uint8_t>() != flags_connectionless || !skip(in, own) || !in.bytes(Token{}.size())) return std::nullopt;
    if (!skip(in, as_byte_span(info)) || in.big_endian<std::uint8_t>() != request_number) return std::nullopt;
    const auto version = in.c_string(), name = in.c_string(), host = in.c_string(), map = in.c_string(), game_type = in.c_string();
    if (!version || !name || !host || !map || !game_type) return std::nullopt;
    if (!in.bytes(2)) return std::nullopt;  // Flags and skill level.
    const auto players = packed_int(in), players_max = packed_int(in), clients = packed_int(in), clients_max = packed_int(in);
    if (!players || !players_max || !clients || !clients_max) return std::nullopt;
    if (*clients < 0 || *clients > clients_limit || *clients_max < 0 || *clients_max > clients_limit) return std::nullopt;
    Info out{.name = std::string(*name),
             .map = std::string(*map),
             .game_type = std::string(*game_type),
             .clients = *clients,
             .clients_max = *clients_max,
             .names = {},
             .version = std::string(*version)};
    while (!in.empty()) {
        if (out.names.size() == clients_limit || !read_client(in, out)) return std::nullopt;
    }
    return out;
}

std::optional<Request> parse_request(ByteSpan datagram) {
    ByteReader in(datagram);
    const auto flags = in.big_endian<std::uint8_t>();
    if (flags == flags_control) return parse_control(in, datagram.size());
    return flags == flags_connectionless ? parse_connectionless(in) : std::nullopt;
}

std::vector<std::byte> token_reply(const Token& client, const Token& server) {
    ByteWriter out;
    return out.big_endian(flags_control).big_endian(std::uint16_t{0}).bytes(client).big_endian(control_token).bytes(server).take();
}

std::vector<std::byte> info_reply(const InfoRequest& request, const Info& info_of_server, std::string_view version) {
    ByteWriter out;
    out.big_endian(flags_connectionless).bytes(request.own).bytes(request.server).text(info);
    put_packed_int(out, request.number);
    for (const auto text : {version, std::string_view(info_of_server.name), std::string_view(), std::string_view(info_of_server.map),
                            std::string_view(info_of_server.game_type)}) {
        put_text(out, text);
    }
    out.big_endian(std::uint16_t{1});  // No flags; a normal level of skill.
    for (int i = 0; i < 2; ++i) {  // Players, then clients.
        put_packed_int(out, info_of_server.clients);
        put_packed_int(out, info_of_server.clients_max);
    }
    return out.take();
}

std::vector<std::byte> close_packet(const Token& client, std::string_view text) {
    ByteWriter out;
    out.big_endian(flags_control).big_endian(std::uint16_t{0}).bytes(client).big_endian(control_close);
    put_text(out, text);
    return out.take();
}

bool replace_token(std::span<std::byte> datagram, const Token& ours, const Token& games) {
    if (datagram.empty()) return false;
    const std::size_t at = std::to_integer<std::uint8_t>(datagram[0]) == flags_connectionless ? 1 : 3;
    if (datagram.size() < at + ours.size() || !std::ranges::equal(datagram.subspan(at, ours.size()), ours)) return false;
    std::ranges::copy(games, datagram.begin() + static_cast<std::ptrdiff_t>(at));
    return true;
}

}  // namespace gk::wire::probe::teeworlds
