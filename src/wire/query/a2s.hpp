#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

// Valve's server queries: a question, a challenge, the question again with it, the answer. Source: facts/edge.md 2.3.
namespace gk::wire::query::a2s {

enum class Question : std::uint8_t { info, players, rules };
struct Request {
    Question question = Question::info;
    std::optional<std::uint32_t> challenge;  // What an earlier answer told; none asks for one.
    bool operator==(const Request&) const = default;
};
// nullopt for anything else.
std::optional<Request> parse_request(ByteSpan datagram);

struct Info {
    std::uint8_t protocol = 17;
    std::string name;
    std::string map;
    std::string folder;
    std::string game;
    std::uint16_t app_id = 0;
    std::uint8_t players = 0;
    std::uint8_t players_max = 0;
    std::uint8_t bots = 0;
    bool has_password = false;
    std::string version;
    bool operator==(const Info&) const = default;
};
std::vector<std::byte> challenge_reply(std::uint32_t challenge);
std::vector<std::byte> info_reply(const Info& info);
// Of a server on which nobody plays.
std::vector<std::byte> no_players_reply();
std::vector<std::byte> no_rules_reply();

// What a server that runs is asked. Without a challenge it may answer with one, which is then said too.
std::vector<std::byte> info_request(std::optional<std::uint32_t> challenge);
std::optional<std::uint32_t> parse_challenge(ByteSpan datagram);
// What a server said of itself; nullopt for anything but a whole information in one datagram. Strings beyond 256 bytes are refused.
std::optional<Info> parse_info(ByteSpan datagram);

}  // namespace gk::wire::query::a2s
