#pragma once

#include "wire/shim/archive.hpp"
#include "wire/shim/protocol.hpp"

// Frames of a connection that has become something else than control (program.hpp, game_files.hpp).
namespace gk::wire::shim {

inline constexpr std::size_t frame_count_size = 4;

template <class... T>
std::vector<std::byte> plain_frame(const T&... values) {
    Writer body;
    body(values...);
    const auto bytes = body.take();
    ByteWriter out;
    out.big_endian(static_cast<std::uint32_t>(bytes.size())).bytes(bytes);
    return out.take();
}

// What is in the frame at the front; empty while it has not all come.
inline Result<ByteSpan, ParseError> plain_frame_in(ByteSpan bytes, std::size_t size_max) {
    ByteReader in(bytes);
    const auto size = in.big_endian<std::uint32_t>();
    if (!size) return ByteSpan{};
    if (*size == 0 || *size > size_max) return std::unexpected(ParseError::bad_length);
    return in.bytes(*size).value_or(ByteSpan{});
}

template <class T>
Result<T, ParseError> rest_of_plain_frame(Reader& in) {
    T value;
    if (!in(value)) return std::unexpected(ParseError::bad_value);
    if (!in.at_end()) return std::unexpected(ParseError::bad_length);
    return value;
}

// A frame that holds one structure and nothing else.
template <class T>
Result<Framed<T>, ParseError> read_plain_frame(ByteSpan bytes, std::size_t size_max) {
    TRY(body, plain_frame_in(bytes, size_max));
    if (body.empty()) return Framed<T>{};
    Reader in(body);
    TRY(value, rest_of_plain_frame<T>(in));
    return Framed<T>{std::move(value), frame_count_size + body.size()};
}

}  // namespace gk::wire::shim
