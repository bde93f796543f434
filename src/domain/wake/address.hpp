#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gk::wake {

// An IPv4 or IPv6 address. IPv4 in the clothes of IPv6 ("::ffff:1.2.3.4", as dual-stack sockets report it) is IPv4.
class Address {
public:
    Address() = default;  // "::"
    static Address v4(std::array<std::uint8_t, 4> bytes);
    static Address v6(std::array<std::uint8_t, 16> bytes);
    static std::optional<Address> parse(std::string_view text);

    bool is_v4() const;
    // 16 bytes; those of an IPv4 address are the last four.
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    std::string text() const;
    // With all but the first `bits` of 32 or 128 set to nought.
    Address masked(int bits) const;
    auto operator<=>(const Address&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
class Block {
public:
    Block(const Address& address, int bits) : address_(address.masked(bits)), bits_(bits) {}
    // nullopt also for a block that has bits set behind its prefix: its author meant something else.
    static std::optional<Block> parse(std::string_view text);
    bool contains(const Address& address) const;
    std::string text() const;
    bool operator==(const Block&) const = default;

private:
    Address address_;
    int bits_;
};

// An address of IPv4 by which a game that speaks nothing else knows a player of IPv6: out of 240.0.0.0/4, which nobody has, and always the same one
// for all of his /64, so that a ban keeps him out. Two players share one by chance once in 200 million pairs.
Address stand_in(const Address& six);

// Whom one budget is for: people get /24 and /64 at a time.
Address neighbourhood(const Address& address);

}  // namespace gk::wake
