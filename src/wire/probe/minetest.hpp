#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "base/bytes.hpp"

// Minetest's connection protocol, as far as it takes to learn that a server would let a client in. Bytes captured between the server and
// the client of minetest 5.6.1. A datagram is the protocol's number 4f457403, the sender's peer id (0: none yet), a channel, a type.
namespace gk::wire::probe::minetest {

// Asks for a peer id. The server keeps the peer until it leaves or half a minute has passed, so say goodbye.
std::array<std::byte, 8> connect_packet();
// The peer id of the answer (a reliable packet with the control message "set peer id"); nullopt for anything else.
std::optional<std::uint16_t> parse_peer_id(ByteSpan datagram);
std::array<std::byte, 9> goodbye_packet(std::uint16_t peer_id);

// What a client says before a server has answered; captured from the client of minetest 5.6.1. It repeats the hello each half second and the
// introduction each two seconds, and gives up after ten.
struct Ping {};   // What connect_packet() is: lists and probes ask so.
struct Hello {};  // A first reliable packet.
struct Introduction {
    std::string_view name;  // Points into the datagram. Claimed, not proven.
};
using Request = std::variant<Ping, Hello, Introduction>;
// nullopt for anything else, also from peers who have an id already.
std::optional<Request> parse_request(ByteSpan datagram);

}  // namespace gk::wire::probe::minetest
