#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace gk {

using UuidBits = std::array<std::uint8_t, 16>;

// Lower-case text of 36 characters, as in RFC 9562.
std::string uuid_text(const UuidBits& bits);
// Accepts exactly what uuid_text() writes, in either case.
std::optional<UuidBits> parse_uuid(std::string_view text);
// Version 4, variant 1, from 16 random bytes.
UuidBits uuid_from_random(UuidBits random);

// An opaque UUID. Ids of different tags never compare, convert or hash together.
template <class Tag>
class Id {
public:
    constexpr Id() = default;  // The nil id: never given to anything.
    constexpr explicit Id(UuidBits bits) : bits_(bits) {}
    static std::optional<Id> parse(std::string_view text) {
        const auto bits = parse_uuid(text);
        return bits ? std::optional(Id(*bits)) : std::nullopt;
    }

    constexpr auto operator<=>(const Id&) const = default;
    constexpr const UuidBits& bits() const { return bits_; }
    constexpr bool is_nil() const { return *this == Id(); }
    std::string text() const { return uuid_text(bits_); }

private:
    UuidBits bits_{};
};

using ServerUid = Id<struct ServerTag>;
using OperationId = Id<struct OperationTag>;
using SnapshotId = Id<struct SnapshotTag>;
using KeyId = Id<struct KeyTag>;

// Grows with each new leader. Receivers of commands refuse one that is lower than the highest they have seen.
enum class Epoch : std::uint64_t {};

}  // namespace gk

template <class Tag>
struct std::hash<gk::Id<Tag>> {
    std::size_t operator()(const gk::Id<Tag>& id) const noexcept {
        std::size_t h = 0;
        for (const auto byte : id.bits()) h = h * 131 + byte;
        return h;
    }
};
