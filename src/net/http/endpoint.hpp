#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace gk::net {

struct NetError {
    // in_use: somebody else listens there. refused: nobody listens there. invalid: the address or path cannot work, a person must change it.
    // unavailable: try again; nothing is known of the effect. timed_out: the deadline came first; the same holds.
    enum class Kind : std::uint8_t { in_use, refused, invalid, unavailable, timed_out };
    Kind kind;
    std::string detail;
};

// Where to listen or connect: "127.0.0.1:8080", "[::1]:8080", "localhost:8080" or "unix:/run/gamekeeper/api.sock".
struct Endpoint {
    std::string address;  // Numeric; empty for a Unix socket.
    std::uint16_t port = 0;
    std::string path;     // Of a Unix socket.

    bool is_unix() const { return !path.empty(); }
    // Only this machine reaches it.
    bool is_local() const;
    std::string text() const;
    bool operator==(const Endpoint&) const = default;
};

// The error is a sentence for people. Names other than "localhost" are not looked up.
Result<Endpoint, std::string> parse_endpoint(std::string_view text);

}  // namespace gk::net
