// What connections open with: with every byte more, a parser may go from "incomplete" to an answer, and never back; views and sizes stay within
// what came; and what could be answered is bounded.
#include <cstddef>
#include <cstdint>

#include "base/assert.hpp"
#include "wire/minecraft/host.hpp"
#include "wire/minecraft/opening.hpp"
#include "wire/opening/client_hello.hpp"
#include "wire/opening/proxy_header.hpp"

namespace {

using namespace gk;
using namespace gk::wire;

void open_minecraft(ByteSpan bytes) {
    const auto whole = minecraft::parse_opening(bytes, true);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto part = minecraft::parse_opening(bytes.first(size), false);
        if (part) ASSERT(whole && whole->index() == part->index(), "what was found stays found");
        else if (part.error() == minecraft::Trouble::malformed) ASSERT(!whole, "what was refused stays refused");
    }
    if (!whole) return;
    if (const auto* login = std::get_if<minecraft::LoginOpening>(&*whole)) {
        ASSERT(!login->name.empty() && login->name.size() <= 64, "somebody");
        ASSERT(minecraft::normal_host(login->handshake.host).size() <= 1020, "a name");
    }
    const auto* status = std::get_if<minecraft::StatusOpening>(&*whole);
    if (status == nullptr) return;
    ASSERT(status->size <= bytes.size(), "within");
    ByteReader in(bytes.subspan(status->size));
    for (auto left = in.remaining(); minecraft::read_status_packet(in); left = in.remaining()) ASSERT(in.remaining() < left, "each takes something");
}

void open_tls(ByteSpan bytes) {
    const auto whole = opening::server_name_of(bytes);
    for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64) {
        const auto part = opening::server_name_of(bytes.first(size));
        if (!part && part.error() == opening::HelloTrouble::incomplete) continue;
        const bool same = part ? whole && *part == *whole : !whole && part.error() == whole.error();
        ASSERT(same, "more bytes change nothing that was decided");
    }
    if (whole) ASSERT(!whole->empty() && whole->size() <= 253, "a host name");
}

void open_proxy(ByteSpan bytes) {
    const auto whole = opening::parse_proxy_header(bytes);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto part = opening::parse_proxy_header(bytes.first(size));
        if (part) ASSERT(whole && whole->size == part->size, "more bytes change nothing that was decided");
        else if (part.error() == opening::HeaderTrouble::malformed) ASSERT(!whole, "what was refused stays refused");
    }
    if (!whole) return;
    ASSERT(whole->size <= bytes.size() && whole->size <= opening::proxy_header_size_max, "within");
    const auto* peer = std::get_if<opening::Proxied>(&whole->who);
    if (peer == nullptr) return;
    const auto again = opening::parse_proxy_header(opening::proxy_header_v2(*peer));
    ASSERT(again && std::get<opening::Proxied>(again->who) == *peer, "what is written is read");
}

void hear_minecraft(ByteSpan bytes) {
    const auto json = minecraft::parse_status_response(bytes);
    if (json) ASSERT(json->size() < bytes.size(), "within");
    if (!json && json.error() == minecraft::Trouble::incomplete)
        ASSERT(bytes.size() < minecraft::status_characters_max * 5, "nothing waits for more");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    open_minecraft(bytes);
    hear_minecraft(bytes);
    open_tls(bytes);
    open_proxy(bytes);
    return 0;
}
