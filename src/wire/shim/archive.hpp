#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/enum_names.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

// One description per structure serves both directions, so that writer and reader cannot differ:
//     bool fields(auto& archive, auto& value) { return archive(value.name) && archive(value.port); }
// Numbers are big-endian; strings, lists and maps are led by a 32-bit count; enumerations are one byte and must have a name.
namespace gk::wire::shim {

inline constexpr std::uint32_t items_max = 4096;

class Writer {
public:
    template <class... T>
    bool operator()(const T&... values) {
        (put(values), ...);
        return true;
    }
    std::vector<std::byte> take() { return out_.take(); }
    std::size_t size() const { return out_.view().size(); }

private:
    template <std::unsigned_integral T>
    void put(T value) {
        out_.big_endian(value);
    }
    void put(bool value) { out_.big_endian(static_cast<std::uint8_t>(value)); }
    void put(std::int32_t value) { out_.big_endian(static_cast<std::uint32_t>(value)); }
    void put(std::int64_t value) { out_.big_endian(static_cast<std::uint64_t>(value)); }
    void put(Milliseconds value) { put(std::int64_t{value.count()}); }
    void put(Time value) { put(value.time_since_epoch()); }
    void put(const std::string& text) {
        put(static_cast<std::uint32_t>(text.size()));
        out_.text(text);
    }
    template <class Tag>
    void put(const Id<Tag>& id) {
        out_.bytes(std::as_bytes(std::span(id.bits())));
    }
    template <class E>
        requires std::is_enum_v<E>
    void put(E value) {
        put(std::to_underlying(value));
    }
    template <class T>
    void put(const std::optional<T>& value) {
        put(value.has_value());
        if (value) put(*value);
    }
    template <class T>
    void put(const std::vector<T>& items) {
        put(static_cast<std::uint32_t>(items.size()));
        for (const auto& item : items) put(item);
    }
    void put(const std::map<std::string, std::string>& items) {
        put(static_cast<std::uint32_t>(items.size()));
        for (const auto& [key, value] : items) (*this)(key, value);
    }
    template <class T>
        requires requires(Writer& archive, const T& value) { fields(archive, value); }
    void put(const T& value) {
        fields(*this, value);
    }
    ByteWriter out_;
};

// Each call returns false at the first value that is short or out of range; what was read until then is of no use.
class Reader {
public:
    explicit Reader(ByteSpan bytes) : in_(bytes) {}

    template <class... T>
    bool operator()(T&... values) {
        return (get(values) && ...);
    }
    bool at_end() const { return in_.empty(); }

private:
    template <std::unsigned_integral T>
    bool get(T& out) {
        const auto value = in_.big_endian<T>();
        if (value) out = *value;
        return value.has_value();
    }
    bool get(bool& out) {
        std::uint8_t byte = 0;
        if (!get(byte) || byte > 1) return false;
        out = byte == 1;
        return true;
    }
    bool get(std::int32_t& out) {
        std::uint32_t bits = 0;
        if (!get(bits)) return false;
        out = static_cast<std::int32_t>(bits);
        return true;
    }
    bool get(std::int64_t& out) {
        std::uint64_t bits = 0;
        if (!get(bits)) return false;
        out = static_cast<std::int64_t>(bits);
        return true;
    }
    bool get(Milliseconds& out) {
        std::int64_t count = 0;
        if (!get(count)) return false;
        out = Milliseconds(count);
        return true;
    }
    bool get(Time& out) {
        Milliseconds since{};
        if (!get(since)) return false;
        out = Time(since);
        return true;
    }
    bool get(std::string& out) {
        std::uint32_t size = 0;
        if (!get(size)) return false;
        const auto run = in_.bytes(size);
        if (run) out = as_text(*run);
        return run.has_value();
    }
    template <class Tag>
    bool get(Id<Tag>& out) {
        UuidBits bits{};
        const auto run = in_.bytes(bits.size());
        if (!run) return false;
        std::memcpy(bits.data(), run->data(), bits.size());
        out = Id<Tag>(bits);
        return true;
    }
    template <class E>
        requires std::is_enum_v<E>
    bool get(E& out) {
        std::underlying_type_t<E> value{};
        if (!get(value)) return false;
        if constexpr (requires { names_of(E{}); }) {
            if (value >= names_of(E{}).size()) return false;
        }
        out = static_cast<E>(value);
        return true;
    }
    template <class T>
    bool get(std::optional<T>& out) {
        bool present = false;
        if (!get(present)) return false;
        return !present || get(out.emplace());
    }
    template <class T>
    bool get(std::vector<T>& out) {
        std::uint32_t count = 0;
        if (!get(count) || count > items_max) return false;
        for (std::uint32_t i = 0; i < count; ++i) {
            if (!get(out.emplace_back())) return false;
        }
        return true;
    }
    bool get(std::map<std::string, std::string>& out) {
        std::uint32_t count = 0;
        if (!get(count) || count > items_max) return false;
        for (std::uint32_t i = 0; i < count; ++i) {
            std::string key, value;
            if (!get(key) || !get(value)) return false;
            if (!out.empty() && out.rbegin()->first >= key) return false;  // In order and once each: one meaning has one encoding.
            out.emplace_hint(out.end(), std::move(key), std::move(value));
        }
        return true;
    }
    template <class T>
        requires requires(Reader& archive, T& value) { fields(archive, value); }
    bool get(T& value) {
        return fields(*this, value);
    }
    ByteReader in_;
};

}  // namespace gk::wire::shim
