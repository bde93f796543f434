#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gk {

using ByteSpan = std::span<const std::byte>;

inline ByteSpan as_byte_span(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string_view as_text(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Reads numbers and runs of bytes from the front of a buffer that it does not own. Every read is bounds-checked: a short one yields
// nullopt and leaves the reader where it was.
class ByteReader {
public:
    constexpr explicit ByteReader(ByteSpan bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    constexpr std::optional<T> big_endian() {
        return number<T>([](std::size_t i) { return 8 * (sizeof(T) - 1 - i); });
    }
    template <std::unsigned_integral T>
    constexpr std::optional<T> little_endian() {
        return number<T>([](std::size_t i) { return 8 * i; });
    }
    constexpr std::optional<ByteSpan> bytes(std::size_t count) {
        if (count > rest_.size()) return std::nullopt;
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    // A string that ends with a NUL, which is consumed and not returned.
    constexpr std::optional<std::string_view> c_string() {
        for (std::size_t i = 0; i < rest_.size(); ++i) {
            if (rest_[i] != std::byte{0}) continue;
            const auto text = as_text(rest_.first(i));
            rest_ = rest_.subspan(i + 1);
            return text;
        }
        return std::nullopt;
    }
    constexpr bool empty() const { return rest_.empty(); }
    constexpr std::size_t remaining() const { return rest_.size(); }
    constexpr ByteSpan rest() const { return rest_; }

private:
    template <class T>
    constexpr std::optional<T> number(auto shift_of) {
        if (rest_.size() < sizeof(T)) return std::nullopt;
        T value = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            value = static_cast<T>(value | static_cast<T>(static_cast<T>(rest_[i]) << shift_of(i)));
        }
        rest_ = rest_.subspan(sizeof(T));
        return value;
    }
    ByteSpan rest_;
};

// Appends numbers and runs of bytes to a buffer of its own.
class ByteWriter {
public:
    template <std::unsigned_integral T>
    ByteWriter& big_endian(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) put(static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i))));
        return *this;
    }
    template <std::unsigned_integral T>
    ByteWriter& little_endian(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) put(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    ByteWriter& bytes(ByteSpan run) {
        out_.insert(out_.end(), run.begin(), run.end());
        return *this;
    }
    ByteWriter& text(std::string_view run) { return bytes(as_byte_span(run)); }

    const std::vector<std::byte>& view() const { return out_; }
    std::vector<std::byte> take() { return std::move(out_); }

private:
    void put(std::uint8_t value) { out_.push_back(std::byte{value}); }
    std::vector<std::byte> out_;
};

}  // namespace gk
