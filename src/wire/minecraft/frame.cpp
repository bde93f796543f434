#include "wire/minecraft/frame.hpp"

namespace gk::wire::minecraft {

namespace {
constexpr std::size_t length_bytes_max = 3;
}  // namespace

Result<std::int32_t, Trouble> read_varint(ByteReader& in, std::size_t bytes_max) {
    std::uint32_t value = 0;
    auto ahead = in;
    for (std::size_t i = 0; i < bytes_max; ++i) {
        const auto byte = ahead.big_endian<std::uint8_t>();
        if (!byte) return std::unexpected(Trouble::incomplete);
        value |= static_cast<std::uint32_t>(*byte & 0x7f) << (7 * i);
        if ((*byte & 0x80) != 0) continue;
        in = ahead;
        return static_cast<std::int32_t>(value);
    }
    return std::unexpected(Trouble::malformed);
}

void write_varint(ByteWriter& out, std::int32_t value) {
    auto rest = static_cast<std::uint32_t>(value);
    for (; rest > 0x7f; rest >>= 7) out.big_endian(static_cast<std::uint8_t>(rest | 0x80));
    out.big_endian(static_cast<std::uint8_t>(rest));
}

Result<ByteSpan, Trouble> read_frame(ByteReader& in, std::size_t body_max) {
    auto ahead = in;
    TRY(length, read_varint(ahead, length_bytes_max));
    if (length <= 0 || static_cast<std::size_t>(length) > body_max) return std::unexpected(Trouble::malformed);
    const auto body = ahead.bytes(static_cast<std::size_t>(length));
    if (!body) return std::unexpected(Trouble::incomplete);
    in = ahead;
    return *body;
}

std::vector<std::byte> framed(ByteSpan body) {
    ByteWriter out;
    write_varint(out, static_cast<std::int32_t>(body.size()));
    return out.bytes(body).take();
}

}  // namespace gk::wire::minecraft
