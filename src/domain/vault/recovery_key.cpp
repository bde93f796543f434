#include "domain/vault/recovery_key.hpp"

#include <cstdint>
#include <span>

namespace gk::vault {
namespace {

constexpr std::string_view letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t checksum_size = 3;
constexpr std::size_t whole_size = recovery_key_size + checksum_size;
constexpr std::size_t letters_count = whole_size * 8 / 5;
constexpr std::size_t group_size = 5;
static_assert(whole_size * 8 % 5 == 0 && letters_count % group_size == 0);

using Whole = std::array<std::byte, whole_size>;

// CRC-24 of OpenPGP (RFC 4880, 6.1).
std::uint32_t crc24(std::span<const std::byte> bytes) {
    std::uint32_t crc = 0xB704CE;
    for (const auto byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte) << 16;
        for (int i = 0; i < 8; ++i) {
            crc <<= 1;
            if ((crc & 0x1000000) != 0) crc ^= 0x1864CFB;
        }
    }
    return crc & 0xFFFFFF;
}

Whole with_checksum(std::span<const std::byte, recovery_key_size> bits) {
    Whole whole{};
    for (std::size_t i = 0; i < recovery_key_size; ++i) whole[i] = bits[i];
    const auto crc = crc24(bits);
    for (std::size_t i = 0; i < checksum_size; ++i) whole[recovery_key_size + i] = static_cast<std::byte>(crc >> (8 * (checksum_size - 1 - i)));
    return whole;
}

std::string text_of(const Whole& whole) {
    std::string text;
    for (std::size_t letter = 0; letter < letters_count; ++letter) {
        std::size_t value = 0;
        for (std::size_t bit = letter * 5; bit < letter * 5 + 5; ++bit) {
            value = value << 1 | (std::to_integer<std::size_t>(whole[bit / 8]) >> (7 - bit % 8) & 1);
        }
        if (letter != 0 && letter % group_size == 0) text += '-';
        text += letters[value];
    }
    return text;
}

// The value of a typed character, nullopt when it is no letter of ours.
std::optional<std::size_t> value_of(char typed) {
    if (typed >= 'a' && typed <= 'z') typed = static_cast<char>(typed - 'a' + 'A');
    if (typed == 'I' || typed == 'L') typed = '1';
    if (typed == 'O') typed = '0';
    const auto found = letters.find(typed);
    return found == std::string_view::npos ? std::nullopt : std::optional(found);
}

}  // namespace

Secret recovery_key_text(const RecoveryKeyBits& bits) { return Secret(text_of(with_checksum(bits))); }

std::optional<Secret> parse_recovery_key(std::string_view typed) {
    Whole whole{};
    std::size_t bit = 0;
    for (const char c : typed) {
        if (c == ' ' || c == '-' || c == '\t' || c == '\n' || c == '\r') continue;
        const auto value = value_of(c);
        if (!value || bit == whole_size * 8) return std::nullopt;
        for (int i = 4; i >= 0; --i, ++bit) whole[bit / 8] |= static_cast<std::byte>((*value >> i & 1) << (7 - bit % 8));
    }
    if (bit != whole_size * 8) return std::nullopt;
    if (with_checksum(std::span(whole).first<recovery_key_size>()) != whole) return std::nullopt;
    return Secret(text_of(whole));
}

}  // namespace gk::vault
