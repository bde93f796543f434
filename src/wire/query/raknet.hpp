#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.hpp"

// RakNet before a connection, as Minecraft's Bedrock edition uses it. Source: facts/edge.md 2.2.
namespace gk::wire::query::raknet {

struct Ping {
    std::uint64_t time = 0;  // To be said again in the answer.
    bool operator==(const Ping&) const = default;
};
// The first packet of a join; clients repeat it each half second with ever shorter padding.
struct OpenRequest {
    std::uint8_t protocol = 0;
    bool operator==(const OpenRequest&) const = default;
};
using Request = std::variant<Ping, OpenRequest>;
// nullopt for anything else; what else is said before a connection follows an answer that we never give.
std::optional<Request> parse_request(ByteSpan datagram);

struct Status {
    std::string motd;
    std::string sub_motd;
    std::int32_t protocol = 0;
    std::string version;
    std::int32_t players = 0;
    std::int32_t players_max = 0;
    std::uint16_t port4 = 0;
    std::uint16_t port6 = 0;
    bool operator==(const Status&) const = default;
};
// `server` names the server to clients; the same for all answers. At most 400 bytes.
std::vector<std::byte> pong(const Ping& ping, std::uint64_t server, const Status& status);

// What a server that runs is asked, and what it answers; nullopt for anything but an answer to this ping. What follows the second name is not read:
// the ports are not those that players come to.
std::vector<std::byte> ping_datagram(const Ping& ping);
std::optional<Status> parse_pong(ByteSpan datagram, const Ping& ping);

}  // namespace gk::wire::query::raknet
