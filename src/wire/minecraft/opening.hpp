#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "wire/minecraft/frame.hpp"

// What a Java client says before a server must have answered, and what a server can say to it meanwhile. All versions from the first
// server list (beta 1.8) on; nothing of it is compressed or encrypted. Source: facts/edge.md 2.1.
namespace gk::wire::minecraft {

// More than this is never needed to know what a client wants; it is what is held of a login.
inline constexpr std::size_t opening_size_max = 4096;

// The server list of clients before 1.7. `bare`: up to 1.3; `short_form`: 1.4 and 1.5; `with_host`: 1.6.
enum class LegacyForm : std::uint8_t { bare, short_form, with_host };
struct LegacyPing {
    LegacyForm form = LegacyForm::bare;
    std::string host;  // Only `with_host`; UTF-8.
    bool operator==(const LegacyPing&) const = default;
};
// All views point into the bytes that were read.
struct Handshake {
    std::int32_t protocol = 0;
    std::string_view host;  // As it was sent: normal_host() makes a name of it.
    std::uint16_t port = 0;
};
struct StatusOpening {
    Handshake handshake;
    std::size_t size = 0;  // Of the handshake; what follows is for StatusTalk.
};
struct LoginOpening {
    Handshake handshake;
    std::string_view name;  // 1 to 16 characters, UTF-8. Claimed, not proven.
    bool transferred = false;
};
using Opening = std::variant<LegacyPing, StatusOpening, LoginOpening>;

// What the client wants, from all bytes so far. `quiet`: nothing has come for a moment; the two oldest pings can be told from the beginning
// of something longer only by that.
Result<Opening, Trouble> parse_opening(ByteSpan so_far, bool quiet);

// What is told about a server that sleeps.
struct ServerText {
    std::string version = "1.21";  // Any text; clients show it when their protocol differs.
    std::int32_t protocol = 0;     // The client's own, so that it does not cry "outdated".
    std::string description;
    std::int32_t online = 0;
    std::int32_t players_max = 0;
    std::string favicon;  // "data:image/png;base64,..." or empty.
};
// Without the picture where clients would not take the whole.
std::vector<std::byte> status_response(const ServerText& text);
std::vector<std::byte> legacy_response(LegacyForm form, const ServerText& text);
// The end of a login, with a text that the client shows.
std::vector<std::byte> login_refusal(std::string_view text);

// A status connection after its handshake: one request and one ping are answered, anything else ends it.
struct StatusRequest {
    bool operator==(const StatusRequest&) const = default;
};
struct StatusPing {
    std::uint64_t payload = 0;
    bool operator==(const StatusPing&) const = default;
};
// Consumes what it returns.
Result<std::variant<StatusRequest, StatusPing>, Trouble> read_status_packet(ByteReader& in);
std::vector<std::byte> pong(std::uint64_t payload);

// What a list says to a server that runs, and the JSON text of its answer, which points into what came so far. Nothing is unpacked that is longer
// than the longest answer that clients take.
std::vector<std::byte> status_question(std::string_view host, std::uint16_t port);
Result<std::string_view, Trouble> parse_status_response(ByteSpan so_far);
inline constexpr std::size_t status_characters_max = 32'767;

}  // namespace gk::wire::minecraft
