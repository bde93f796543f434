#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"

// Minecraft's Query (GameSpy 4) over UDP: a handshake that gives a token, then questions with it. Source: facts/edge.md 2.5.
namespace gk::wire::minecraft::query {

struct HandshakeRequest {
    std::uint32_t session = 0;
    bool operator==(const HandshakeRequest&) const = default;
};
struct StatRequest {
    std::uint32_t session = 0;
    std::uint32_t token = 0;
    bool full = false;
    bool operator==(const StatRequest&) const = default;
};
using Request = std::variant<HandshakeRequest, StatRequest>;
// nullopt for anything else.
std::optional<Request> parse_request(ByteSpan datagram);

struct Status {
    std::string motd;
    std::string game_type = "SMP";
    std::string version;
    std::string map = "world";
    std::int32_t players = 0;
    std::int32_t players_max = 0;
    std::uint16_t port = 0;
    std::string address;
};
std::vector<std::byte> handshake_reply(std::uint32_t session, std::uint32_t token);
// The short or the full form, as the request wants it; of a server without players.
std::vector<std::byte> stat_reply(const StatRequest& request, const Status& status);

}  // namespace gk::wire::minecraft::query
