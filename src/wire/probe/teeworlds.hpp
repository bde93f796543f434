#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"

// The server information of teeworlds 0.7: a token handshake (so that a spoofed source learns nothing), then "gie3", answered by "inf3".
// Bytes captured from teeworlds-server 0.7.5.
namespace gk::wire::probe::teeworlds {

using Token = std::array<std::byte, 4>;

// Padded to 520 bytes, as servers demand of a peer without a token.
std::vector<std::byte> token_request(const Token& own);
// The server's token; nullopt unless the datagram answers `own`.
std::optional<Token> parse_token(ByteSpan datagram, const Token& own);

std::vector<std::byte> info_request(const Token& server, const Token& own);

struct Info {
    std::string name;
    std::string map;
    std::string game_type;
    std::int32_t clients = 0;  // Players and spectators.
    std::int32_t clients_max = 0;
    std::vector<std::string> names;  // May be fewer than `clients`.
    bool operator==(const Info&) const = default;
};
// nullopt for anything but a whole answer to `own` with believable numbers (at most 64 clients).
std::optional<Info> parse_info(ByteSpan datagram, const Token& own);

}  // namespace gk::wire::probe::teeworlds
