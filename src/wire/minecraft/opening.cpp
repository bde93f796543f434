#include "wire/minecraft/opening.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/value.hpp"
#include "wire/minecraft/legacy.hpp"

namespace gk::wire::minecraft {

namespace {
constexpr std::size_t handshake_body_max = 1100;  // 255 characters of four bytes, and the numbers around them.
constexpr std::size_t login_body_max = 2048;      // The keys of 1.19 are 294 and 512 bytes.
constexpr std::size_t host_bytes_max = 255 * 4;
constexpr std::size_t name_length_max = 16;
constexpr std::int32_t next_status = 1;
constexpr std::int32_t next_login = 2;
constexpr std::int32_t next_transfer = 3;
// What follows the name, by protocol: facts/edge.md 2.1.
constexpr std::int32_t with_signature = 759;
constexpr std::int32_t with_maybe_uuid = 760;
constexpr std::int32_t without_signature = 761;
constexpr std::int32_t with_uuid = 764;
// Snapshots count on their own, with this bit: what their logins look like is not known.
constexpr std::int32_t snapshot_bit = 1 << 30;
constexpr std::size_t uuid_size = 16;

std::optional<std::string_view> read_string(ByteReader& in, std::size_t bytes_max) {
    const auto size = read_varint(in);
    if (!size || *size < 0 || static_cast<std::size_t>(*size) > bytes_max) return std::nullopt;
    const auto bytes = in.bytes(static_cast<std::size_t>(*size));
    return bytes ? std::optional(as_text(*bytes)) : std::nullopt;
}

void write_string(ByteWriter& out, std::string_view text) {
    write_varint(out, static_cast<std::int32_t>(text.size()));
    out.text(text);
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

struct Greeting {
    Handshake handshake;
    std::int32_t next = 0;
};

std::optional<Greeting> parse_greeting(ByteSpan body) {
    ByteReader in(body);
    if (in.big_endian<std::uint8_t>() != 0) return std::nullopt;
    const auto protocol = read_varint(in);
    const auto host = protocol ? read_string(in, host_bytes_max) : std::nullopt;
    const auto port = host ? in.big_endian<std::uint16_t>() : std::nullopt;
    if (!port) return std::nullopt;
    const auto next = read_varint(in);
    if (!next || *next < next_status || *next > next_transfer || !in.empty()) return std::nullopt;
    return Greeting{.handshake = {.protocol = *protocol, .host = *host, .port = *port}, .next = *next};
}

bool skip_signature(ByteReader& in) {
    const auto has = in.big_endian<std::uint8_t>();
    if (!has || *has > 1) return false;
    if (*has == 0) return true;
    return in.big_endian<std::uint64_t>() && read_string(in, login_body_max) && read_string(in, login_body_max);
}

bool skip_maybe_uuid(ByteReader& in) {
    const auto has = in.big_endian<std::uint8_t>();
    return has && *has <= 1 && (*has == 0 || in.bytes(uuid_size));
}

// Later versions may append something; up to the last that is known the packet must end where it should.
bool ends_well(ByteReader in, std::int32_t protocol) {
    if ((protocol & snapshot_bit) != 0) return true;
    if (protocol >= with_uuid) return in.remaining() >= uuid_size;
    if ((protocol == with_signature || protocol == with_maybe_uuid) && !skip_signature(in)) return false;
    if (protocol >= with_maybe_uuid && !skip_maybe_uuid(in)) return false;
    return in.empty();
}
static_assert(without_signature == with_maybe_uuid + 1 && without_signature < with_uuid);

std::optional<std::string_view> parse_login(ByteSpan body, std::int32_t protocol) {
    ByteReader in(body);
    if (in.big_endian<std::uint8_t>() != 0) return std::nullopt;
    const auto name = read_string(in, name_length_max * 4);
    if (!name || name->empty() || !is_utf8(*name) || characters(*name) > name_length_max) return std::nullopt;
    return ends_well(in, protocol) ? name : std::nullopt;
}
}  // namespace

Result<Opening, Trouble> parse_opening(ByteSpan so_far, bool quiet) {
    if (looks_legacy(so_far)) return parse_legacy_ping(so_far, quiet);
    ByteReader in(so_far);
    TRY(first, read_frame(in, handshake_body_max));
    const auto greeting = parse_greeting(first);
    if (!greeting) return std::unexpected(Trouble::malformed);
    if (greeting->next == next_status) return StatusOpening{.handshake = greeting->handshake, .size = so_far.size() - in.remaining()};
    TRY(second, read_frame(in, login_body_max));
    const auto name = parse_login(second, greeting->handshake.protocol);
    if (!name) return std::unexpected(Trouble::malformed);
    return LoginOpening{.handshake = greeting->handshake, .name = *name, .transferred = greeting->next != next_login};
}

std::vector<std::byte> status_response(const ServerText& text) {
    auto json = Value::object({{"version", Value::object({{"name", text.version}, {"protocol", text.protocol}})},
                               {"players", Value::object({{"max", text.players_max}, {"online", text.online}})},
                               {"description", Value::object({{"text", text.description}})}});
    auto whole = to_json(json);
    if (!text.favicon.empty()) {
        json.set("favicon", text.favicon);
        auto pictured = to_json(json);
        if (characters(pictured) <= status_characters_max) whole = std::move(pictured);
    }
    ByteWriter body;
    body.big_endian(std::uint8_t{0});
    write_string(body, whole);
    return framed(body.view());
}

std::vector<std::byte> login_refusal(std::string_view text) {
    ByteWriter body;
    body.big_endian(std::uint8_t{0});
    write_string(body, to_json(Value::object({{"text", text}})));
    return framed(body.view());
}

Result<std::variant<StatusRequest, StatusPing>, Trouble> read_status_packet(ByteReader& in) {
    constexpr std::size_t ping_body = 9;
    TRY(body, read_frame(in, ping_body));
    ByteReader packet(body);
    const auto id = packet.big_endian<std::uint8_t>();
    if (id == 0 && packet.empty()) return StatusRequest{};
    const auto payload = id == 1 ? packet.big_endian<std::uint64_t>() : std::nullopt;
    if (!payload) return std::unexpected(Trouble::malformed);
    return StatusPing{.payload = *payload};
}

std::vector<std::byte> status_question(std::string_view host, std::uint16_t port) {
    constexpr std::int32_t any_protocol = -1;
    ByteWriter greeting;
    greeting.big_endian(std::uint8_t{0});
    write_varint(greeting, any_protocol);
    write_string(greeting, host);
    greeting.big_endian(port);
    write_varint(greeting, next_status);
    ByteWriter request;
    request.big_endian(std::uint8_t{0});
    ByteWriter out;
    return out.bytes(framed(greeting.view())).bytes(framed(request.view())).take();
}

Result<std::string_view, Trouble> parse_status_response(ByteSpan so_far) {
    constexpr std::size_t bytes_max = status_characters_max * 4;
    constexpr std::size_t around = 8;  // The number of the packet, and the length of its text.
    ByteReader in(so_far);
    TRY(body, read_frame(in, bytes_max + around));
    ByteReader packet(body);
    const auto text = packet.big_endian<std::uint8_t>() == 0 ? read_string(packet, bytes_max) : std::nullopt;
    if (!text) return std::unexpected(Trouble::malformed);
    return *text;
}

std::vector<std::byte> pong(std::uint64_t payload) {
    ByteWriter body;
    body.big_endian(std::uint8_t{1}).big_endian(payload);
    return framed(body.view());
}

}  // namespace gk::wire::minecraft
