// Whatever is accepted as a request or a reply is written back as the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.hpp"
#include "wire/files/protocol.hpp"

namespace wire = gk::wire::files;

namespace {

void check_frame(gk::ByteSpan body, const std::vector<std::byte>& frame) {
    ASSERT(std::ranges::equal(gk::ByteSpan(frame).subspan(wire::length_size), body), "one meaning has one encoding");
    const auto size = wire::parse_length(gk::ByteSpan(frame).first(wire::length_size));
    ASSERT(size.has_value() && *size == body.size(), "the length is that of the body");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto body = std::as_bytes(std::span(data, size));
    if (const auto request = wire::parse_request(body)) check_frame(body, wire::to_frame(*request));
    if (const auto reply = wire::parse_reply(body)) check_frame(body, wire::to_frame(*reply));
    return 0;
}
