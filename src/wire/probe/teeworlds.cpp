#include "wire/probe/teeworlds.hpp"

#include <algorithm>
#include <string_view>

namespace gk::wire::probe::teeworlds {

namespace {
constexpr std::uint8_t flags_control = 1 << 2;
constexpr std::uint8_t flags_connectionless = 8 << 2 | 1;  // With the version of that header, 1.
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
    const auto bytes = in.bytes(Token{}.size());
    if (!bytes) return std::nullopt;
    Token token{};
    std::ranges::copy(*bytes, token.begin());
    return token;
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
             .names = {}};
    while (!in.empty()) {
        if (out.names.size() == clients_limit || !read_client(in, out)) return std::nullopt;
    }
    return out;
}

}  // namespace gk::wire::probe::teeworlds
