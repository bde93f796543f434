// libFuzzer: bytes from a compromised control plane never crash the launcher's parser, and what is accepted is written back the same.
#include <algorithm>
#include <cstdlib>

#include "wire/launcher/messages.hpp"

using namespace gk;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    if (const auto request = wire::launcher::decode_request(bytes)) {
        const auto again = wire::launcher::encode(*request);
        if (!std::ranges::equal(std::span(again).subspan(4), bytes)) std::abort();
    }
    (void)wire::launcher::decode_reply(bytes);
    wire::launcher::Frames frames(wire::launcher::request_size_max);
    frames.append(bytes);
    while (frames.next()) {
    }
    return 0;
}
