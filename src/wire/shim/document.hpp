#pragma once

#include <string_view>

#include "wire/shim/archive.hpp"
#include "wire/shim/spec.hpp"

// A file with one structure: four letters that say which, a version byte, a 32-bit count of the bytes behind it, and its fields.
namespace gk::wire::shim {

inline constexpr std::uint8_t document_version = 1;

template <class T>
std::vector<std::byte> encode_document(std::string_view magic, const T& value) {
    Writer body;
    fields(body, value);
    const auto bytes = body.take();
    ByteWriter out;
    out.text(magic).big_endian(document_version).big_endian(static_cast<std::uint32_t>(bytes.size())).bytes(bytes);
    return out.take();
}

template <class T>
Result<T, ParseError> decode_document(std::string_view magic, std::size_t size_max, ByteSpan bytes) {
    if (bytes.size() > size_max) return std::unexpected(ParseError::bad_length);
    ByteReader in(bytes);
    const auto seen = in.bytes(magic.size());
    if (!seen || as_text(*seen) != magic) return std::unexpected(ParseError::not_ours);
    const auto version = in.big_endian<std::uint8_t>();
    if (!version || *version != document_version) return std::unexpected(ParseError::bad_version);
    const auto size = in.big_endian<std::uint32_t>();
    if (!size || *size != in.remaining()) return std::unexpected(ParseError::bad_length);
    Reader body(in.rest());
    T value;
    if (!fields(body, value)) return std::unexpected(ParseError::bad_value);
    if (!body.at_end()) return std::unexpected(ParseError::bad_length);
    return value;
}

}  // namespace gk::wire::shim
