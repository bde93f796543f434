#include "wire/minecraft/legacy.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace gk::wire::minecraft {

namespace {
constexpr std::byte list_ping{0xfe};
constexpr std::byte plugin_message{0xfa};
constexpr std::string_view channel = "MC|PingHost";
constexpr std::size_t host_units_max = 255;
constexpr std::size_t rest_besides_host = 7;  // Version, count, port.
constexpr std::u16string_view section_sign = u"\u00a7";

void append_utf8(std::string& out, char32_t c) {
    const auto put = [&](char32_t byte) { out += static_cast<char>(byte); };
    if (c < 0x80) return put(c);
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    constexpr std::array<char32_t, 4> leads = {0, 0xc0, 0xe0, 0xf0};
    put(leads[static_cast<std::size_t>(more)] | c >> (6 * more));
    for (int i = more - 1; i >= 0; --i) put(0x80 | (c >> (6 * i) & 0x3f));
}

bool is_high(char16_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool is_low(char16_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

// nullopt for half a pair.
std::optional<std::string> utf8_of(ByteSpan utf16) {
    std::string out;
    ByteReader in(utf16);
    while (const auto unit = in.big_endian<std::uint16_t>()) {
        char32_t c = *unit;
        if (is_low(*unit)) return std::nullopt;
        if (is_high(*unit)) {
            const auto low = in.big_endian<std::uint16_t>();
            if (!low || !is_low(*low)) return std::nullopt;
            c = 0x10000 + ((c - 0xd800) << 10) + (*low - 0xdc00U);
        }
        append_utf8(out, c);
    }
    return out;
}

// Of text of our own, which is UTF-8.
std::u16string utf16_of(std::string_view utf8) {
    std::u16string out;
    for (std::size_t i = 0; i < utf8.size();) {
        const auto lead = static_cast<unsigned char>(utf8[i]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        char32_t c = size == 1 ? lead : lead & (0xffU >> (size + 1));
        for (std::size_t k = 1; k < size && i + k < utf8.size(); ++k) c = c << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3fU);
        i += size;
        if (c < 0x10000) out += static_cast<char16_t>(c);
        else out += {static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10)), static_cast<char16_t>(0xdc00 + ((c - 0x10000) & 0x3ff))};
    }
    return out;
}

Result<Opening, Trouble> parse_with_host(ByteSpan so_far) {
    ByteReader in(so_far);
    if (!in.bytes(3)) return std::unexpected(Trouble::incomplete);  // FE 01 FA, looked at by the caller.
    const auto name_units = in.big_endian<std::uint16_t>();
    if (!name_units) return std::unexpected(Trouble::incomplete);
    if (*name_units != channel.size()) return std::unexpected(Trouble::malformed);
    const auto name = in.bytes(channel.size() * 2);
    if (!name) return std::unexpected(Trouble::incomplete);
    if (utf8_of(*name) != channel) return std::unexpected(Trouble::malformed);
    const auto rest_size = in.big_endian<std::uint16_t>();
    if (!rest_size) return std::unexpected(Trouble::incomplete);
    if (*rest_size < rest_besides_host || *rest_size > rest_besides_host + host_units_max * 2) return std::unexpected(Trouble::malformed);
    const auto rest = in.bytes(*rest_size);
    if (!rest) return std::unexpected(Trouble::incomplete);
    ByteReader body(*rest);
    body.bytes(1);  // Protocol.
    const auto host_units = body.big_endian<std::uint16_t>();
    const auto host = body.bytes(std::size_t{host_units.value_or(0)} * 2);
    if (!host || body.remaining() != 4) return std::unexpected(Trouble::malformed);
    auto text = utf8_of(*host);
    if (!text) return std::unexpected(Trouble::malformed);
    return LegacyPing{.form = LegacyForm::with_host, .host = std::move(*text)};
}

// These characters are the separators of the answer.
std::string without_separators(std::string text) {
    std::erase(text, '\0');
    return text;
}
}  // namespace

bool looks_legacy(ByteSpan so_far) {
    constexpr std::array begin = {list_ping, std::byte{1}, plugin_message};
    const auto known = so_far.first(std::min(so_far.size(), begin.size()));
    return !known.empty() && std::ranges::equal(known, std::span(begin).first(known.size()));
}

Result<Opening, Trouble> parse_legacy_ping(ByteSpan so_far, bool quiet) {
    if (so_far.size() > 2) return parse_with_host(so_far);
    if (!quiet) return std::unexpected(Trouble::incomplete);
    return LegacyPing{.form = so_far.size() == 1 ? LegacyForm::bare : LegacyForm::short_form, .host = {}};
}

std::vector<std::byte> legacy_response(LegacyForm form, const ServerText& text) {
    constexpr int unknown_protocol = 127;  // As servers say it that such a client cannot join.
    std::u16string units;
    if (form == LegacyForm::bare) {
        auto motd = text.description;
        if (const auto at = motd.find("\u00a7"); at != std::string::npos) motd.erase(at);
        units = utf16_of(fmt::format("{}\u00a7{}\u00a7{}", without_separators(motd), text.online, text.players_max));
    } else {
        units = section_sign;
        units += u"1";
        for (const auto& field : {fmt::format("{}", unknown_protocol), without_separators(text.version), without_separators(text.description),
                                  fmt::format("{}", text.online), fmt::format("{}", text.players_max)}) {
            units += u'\0';
            units += utf16_of(field);
        }
    }
    ByteWriter out;
    out.big_endian(std::uint8_t{0xff}).big_endian(static_cast<std::uint16_t>(units.size()));
    for (const auto unit : units) out.big_endian(static_cast<std::uint16_t>(unit));
    return out.take();
}

}  // namespace gk::wire::minecraft
