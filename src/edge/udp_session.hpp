#pragma once

#include <optional>
#include <vector>

#include "edge/udp_relay.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::edge {

// A teeworlds player who got his token from us, while the game slept: `games` is asked of the game in his name, with `own`, his own.
struct TokenExchange {
    wire::probe::teeworlds::Token ours{};
    wire::probe::teeworlds::Token own{};
    std::optional<wire::probe::teeworlds::Token> games;
    std::vector<std::vector<std::byte>> waiting;
    wake::Instant asked{0};
};

// One player at one game: a socket of its own, by which the game knows him.
struct UdpRelay::Session final : Loop::Handler {
    Session(UdpRelay& owner, const Endpoint& of, Descriptor to_game) : relay(owner), player(of), game(std::move(to_game)) {}
    void on_ready(std::uint32_t events) override;
    // False when the game is not there any more.
    [[nodiscard]] bool to_game(std::span<std::byte> datagram);

    UdpRelay& relay;
    Endpoint player;
    Descriptor game;
    wake::Instant heard{0};   // From the player.
    bool was_answered = false;
    bool is_confirmed = false;  // He said something after an answer, so he is where his datagrams claim.

    std::optional<TokenExchange> exchange;
    // Begins an exchange if this is a connection with a token of ours.
    void look_for_exchange(ByteSpan first, const Tokens& tokens);
    bool ask_for_token(wake::Instant now);

private:
    bool finish_exchange(ByteSpan from_game);
};

}  // namespace gk::edge
