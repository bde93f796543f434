#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/enum_names.hpp"

// The line protocol between players and the server of one match (docs/formats/match-server.md): lines of text over TCP, each ended by LF or CR LF.
// Source: the match server of the original; TOKEN and SESSION are ours, and only where the server was told to use them.
namespace gk::wire::match {

inline constexpr std::size_t line_bytes_max = 256;         // Of a request, without its end.
inline constexpr std::size_t token_line_bytes_max = 1280;  // Where requests may carry a token.
inline constexpr std::chrono::seconds length_most = std::chrono::hours(24);

// open: nobody has asked for the match yet. running: until its length is over or everybody has left. stop: over, which nothing undoes.
enum class State : std::uint8_t { open, running, stop };
inline constexpr auto state_names = std::to_array<std::string_view>({"open", "running", "stop"});
constexpr std::span<const std::string_view> names_of(State) { return state_names; }

enum class Verb : std::uint8_t { get_state, get_running_length, request_match, token, session, unknown };

struct Request {
    Verb verb = Verb::unknown;
    std::chrono::seconds length{};   // Of request_match: 1 to length_most.
    std::string text = {};           // Of token and session.
    bool operator==(const Request&) const = default;
};

// A line without its end. Verbs are known in any case; blanks around and between words do not count. Whatever is not understood as a whole, a
// length that is no number or out of bounds too, is `unknown`.
Request parse_request(std::string_view line);
// "30" and, as clients that count in fractions send it, "30.0": whole seconds, rounded up. Nothing outside of (0, length_most].
std::optional<std::chrono::seconds> parse_length(std::string_view text);

// What servers say, with the end of the line.
std::string state_line(State state);
std::string length_line(std::chrono::seconds length);
inline constexpr std::string_view unknown_line = "UNKNOWN\n";
inline constexpr std::string_view full_line = "FULL\n";      // No more players are let in; the connection is closed.
inline constexpr std::string_view denied_line = "DENIED\n";  // The token is missing or wrong; the connection is closed.
inline constexpr std::string_view token_accepted_line = "TOKEN ok\n";

// What a client reads. Lines that newer servers may say are `other`.
struct Reply {
    enum class Kind : std::uint8_t { state, running_length, unknown, full, denied, token_accepted, other };
    Kind kind = Kind::other;
    State state = State::open;       // Of `state`.
    std::chrono::seconds length{};   // Of `running_length`.
    bool operator==(const Reply&) const = default;
};
Reply parse_reply(std::string_view line);

}  // namespace gk::wire::match
