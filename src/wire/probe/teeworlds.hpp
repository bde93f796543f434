#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
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
    std::string version{};
    bool operator==(const Info&) const = default;
};
// nullopt for anything but a whole answer to `own` with believable numbers (at most 64 clients).
std::optional<Info> parse_info(ByteSpan datagram, const Token& own);

// What a client asks of a server that it does not play on yet. Lists ask for a token and for the information; a player asks for a token and
// connects with it, so that only a connection with a token of ours is a join by somebody who is where he says he is.
struct TokenRequest {
    Token own{};
};
struct InfoRequest {
    Token server{};
    Token own{};
    std::int32_t number = 0;  // To be said again in the answer.
};
struct Connect {
    Token server{};
    Token own{};
};
using Request = std::variant<TokenRequest, InfoRequest, Connect>;
// nullopt for anything else, and for token requests and connects that are shorter than their answers might be (520 bytes).
std::optional<Request> parse_request(ByteSpan datagram);
std::vector<std::byte> token_reply(const Token& client, const Token& server);
// `own` is the server's token, as the request had it. `info.names` are left out: nobody plays on a server that sleeps.
std::vector<std::byte> info_reply(const InfoRequest& request, const Info& info, std::string_view version);
// Tells the client that he was refused or dropped; he shows the text.
std::vector<std::byte> close_packet(const Token& client, std::string_view text);

// A client that got its token from us says it in every datagram, and the game would not know it: puts the game's in its place.
// False, and nothing is changed, when the datagram has another token.
bool replace_token(std::span<std::byte> datagram, const Token& ours, const Token& games);

}  // namespace gk::wire::probe::teeworlds
