#include "base/id.hpp"

namespace gk {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::optional<std::uint8_t> nibble(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

constexpr bool dash_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

std::string uuid_text(const UuidBits& bits) {
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (dash_before(i)) out += '-';
        out += digits[bits[i] >> 4];
        out += digits[bits[i] & 15];
    }
    return out;
}

std::optional<UuidBits> parse_uuid(std::string_view text) {
    if (text.size() != 36) return std::nullopt;
    UuidBits bits{};
    std::size_t at = 0;
    for (std::size_t i = 0; i < bits.size(); ++i) {
        if (dash_before(i) && text[at++] != '-') return std::nullopt;
        const auto high = nibble(text[at]);
        const auto low = nibble(text[at + 1]);
        if (!high || !low) return std::nullopt;
        bits[i] = static_cast<std::uint8_t>(*high << 4 | *low);
        at += 2;
    }
    return bits;
}

UuidBits uuid_from_random(UuidBits random) {
    random[6] = static_cast<std::uint8_t>((random[6] & 0x0F) | 0x40);
    random[8] = static_cast<std::uint8_t>((random[8] & 0x3F) | 0x80);
    return random;
}

}  // namespace gk
