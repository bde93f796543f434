// What a stranger, and what a holder of the key, may send to a shim's port: sessions end or go on, and never say what was not said.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/assert.hpp"
#include "tls/noise/session.hpp"
#include "wire/shim/pod.hpp"

namespace {

using gk::noise::Session;

gk::noise::Key some_key() {
    gk::noise::Key key{};
    key.fill(std::byte{7});
    return key;
}

// Both sides' sessions, opened honestly; the input is how many bytes of the stream are let through, and what is put in their place.
void meddle(gk::ByteSpan input) {
    auto client = Session::client(some_key(), "fuzz"), server = Session::server(some_key(), "fuzz");
    ASSERT(server.feed(client.take_output()) && client.feed(server.take_output()), "honest sides open");
    client.send(gk::as_byte_span("an honest message"));
    auto stream = client.take_output();
    bool changed = false;
    for (std::size_t i = 0; i < input.size() && i < stream.size(); ++i) {
        changed = changed || input[i] != std::byte{0};
        stream[i] ^= input[i];
    }
    const auto fed = server.feed(stream);
    const auto said = server.take_plain();
    ASSERT(!changed || said.empty(), "what was changed is not believed");
    ASSERT(changed || (fed && gk::as_text(said) == "an honest message"), "what was not changed arrives");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    auto server = Session::server(some_key(), "fuzz");
    (void)server.feed(bytes);
    ASSERT(server.take_plain().empty() && !server.is_proved(), "a stranger proves nothing");
    meddle(bytes);
    (void)gk::wire::shim::log_query_from(gk::as_text(bytes));
    (void)gk::wire::shim::log_part_from(gk::as_text(bytes));
    (void)gk::wire::shim::pod_use_from(gk::as_text(bytes));
    return 0;
}
