#include "domain/wake/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdint>
#include <span>

#include <fmt/format.h>

namespace gk::wake {

namespace {
constexpr std::array<std::uint8_t, 12> mapped_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int v4_bits = 32;
constexpr int v6_bits = 128;
}  // namespace

Address Address::v4(std::array<std::uint8_t, 4> bytes) {
    Address out;
    std::ranges::copy(mapped_prefix, out.bytes_.begin());
    std::ranges::copy(bytes, out.bytes_.begin() + mapped_prefix.size());
    return out;
}

Address Address::v6(std::array<std::uint8_t, 16> bytes) {
    Address out;
    out.bytes_ = bytes;
    return out;
}

std::optional<Address> Address::parse(std::string_view text) {
    const std::string zero_ended(text);
    std::array<std::uint8_t, 4> four{};
    if (::inet_pton(AF_INET, zero_ended.c_str(), four.data()) == 1) return v4(four);
    std::array<std::uint8_t, 16> sixteen{};
    if (::inet_pton(AF_INET6, zero_ended.c_str(), sixteen.data()) == 1) return v6(sixteen);
    return std::nullopt;
}

bool Address::is_v4() const { return std::equal(mapped_prefix.begin(), mapped_prefix.end(), bytes_.begin()); }

std::string Address::text() const {
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data() + (is_v4() ? mapped_prefix.size() : 0), text, sizeof text);
    return text;
}

Address Address::masked(int bits) const {
    const auto kept = static_cast<std::size_t>(is_v4() ? bits + v6_bits - v4_bits : bits);
    Address out = *this;
    for (std::size_t i = 0; i < out.bytes_.size(); ++i) {
        const auto here = std::clamp<std::size_t>(kept < 8 * i ? 0 : kept - 8 * i, 0, 8);
        out.bytes_[i] = static_cast<std::uint8_t>(out.bytes_[i] & ~(0xffU >> here));
    }
    return out;
}

std::optional<Block> Block::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = Address::parse(text.substr(0, slash));
    if (!address) return std::nullopt;
    const int most = address->is_v4() ? v4_bits : v6_bits;
    if (slash == std::string_view::npos) return Block(*address, most);
    const auto digits = text.substr(slash + 1);
    int bits = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most) return std::nullopt;
    if (address->masked(bits) != *address) return std::nullopt;
    return Block(*address, bits);
}

bool Block::contains(const Address& address) const { return address.is_v4() == address_.is_v4() && address.masked(bits_) == address_; }

std::string Block::text() const { return fmt::format("{}/{}", address_.text(), bits_); }

Address stand_in(const Address& six) {
    // FNV-1a over the /64: it need not be secret, only the same for ever.
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const auto byte : std::span(six.bytes()).first<8>()) hash = (hash ^ byte) * 0x100000001b3;
    constexpr std::uint32_t first = 240U << 24;
    constexpr std::uint32_t count = 15U << 24;  // 255/8 holds the broadcast address.
    const auto number = first + static_cast<std::uint32_t>((hash ^ hash >> 32) % count);
    return Address::v4({static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 8),
                        static_cast<std::uint8_t>(number)});
}

Address neighbourhood(const Address& address) {
    constexpr int v4_neighbours = 24;
    constexpr int v6_neighbours = 64;
    return address.masked(address.is_v4() ? v4_neighbours : v6_neighbours);
}

}  // namespace gk::wake
