// Bytes from a compromised control plane never crash the launcher's parser, and what it accepts is written back as the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "wire/launcher/messages.hpp"

namespace wire = gk::wire::launcher;

namespace {

template <class Message>
void check_same(gk::ByteSpan body, const Message& message) {
    constexpr std::size_t length_size = 4;
    ASSERT(std::ranges::equal(gk::ByteSpan(wire::encode(message)).subspan(length_size), body), "one meaning has one encoding");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    if (const auto request = wire::decode_request(bytes)) check_same(bytes, *request);
    if (const auto reply = wire::decode_reply(bytes)) check_same(bytes, *reply);
    wire::Frames frames(wire::request_size_max);
    frames.append(bytes);
    while (frames.next()) {
    }
    return 0;
}
