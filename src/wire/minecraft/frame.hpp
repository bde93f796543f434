#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

// The frames of Minecraft's Java edition before compression and encryption begin: a VarInt length, then as many bytes.
// Source: facts/edge.md 2.1.
namespace gk::wire::minecraft {

// What keeps bytes from being a value: `incomplete` may become one with more of them, `malformed` never.
enum class Trouble : std::uint8_t { incomplete, malformed };

// 7 bits per byte, the lowest first; longer forms than needed are read too, but never more than `bytes_max` bytes.
Result<std::int32_t, Trouble> read_varint(ByteReader& in, std::size_t bytes_max = 5);
void write_varint(ByteWriter& out, std::int32_t value);

// The body of the frame at the front, which is consumed; nothing is, when there is trouble. A length above `body_max` is malformed at once,
// whatever follows: nothing waits for, or makes room for, what a stranger announces.
Result<ByteSpan, Trouble> read_frame(ByteReader& in, std::size_t body_max);
std::vector<std::byte> framed(ByteSpan body);

}  // namespace gk::wire::minecraft
