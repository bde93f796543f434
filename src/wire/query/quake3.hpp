#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

// Quake 3 and its relatives (openarena, ioquake3 ...): datagrams without a connection, texts behind four bytes of 0xff.
// Source: facts/edge.md 2.4.
namespace gk::wire::query::quake3 {

// `get_challenge` and `connect` are the two steps of a join; the others are lists of servers.
enum class Command : std::uint8_t { get_info, get_status, get_challenge, connect };
struct Request {
    Command command = Command::get_info;
    std::string_view challenge;  // What list programs want to hear again; at most 128 bytes, cut there. Points into the datagram.
};
// nullopt for anything else.
std::optional<Request> parse_request(ByteSpan datagram);

struct Status {
    std::string host_name;
    std::string map;
    std::string game = "baseq3";
    std::int32_t protocol = 68;
    std::int32_t clients_max = 0;
    std::string version{};    // Only said in full status.
    std::string game_name{};  // Only said in the information: clients pass over servers of another one than theirs. Empty: not said.
};
// Of a server without players; at most 1,400 bytes.
std::vector<std::byte> info_response(std::string_view challenge, const Status& status);
std::vector<std::byte> status_response(std::string_view challenge, const Status& status);

// What a server that runs is asked, and what it answers; what an answer does not say is empty or nought. `challenge` is said again by it: nullopt
// for anything that does not.
std::vector<std::byte> info_request(std::string_view challenge);
std::vector<std::byte> status_request(std::string_view challenge);
std::optional<Status> parse_info_response(ByteSpan datagram, std::string_view challenge);
std::optional<Status> parse_status_response(ByteSpan datagram, std::string_view challenge);

}  // namespace gk::wire::query::quake3
