#pragma once

#include "edge/udp_relay.hpp"

namespace gk::edge {

// One player at one game: a socket of its own, by which the game knows him.
struct UdpRelay::Session final : Loop::Handler, UdpSessionState {
    Session(UdpRelay& owner, UdpSessionState state) : UdpSessionState(std::move(state)), relay(owner) {}
    void on_ready(std::uint32_t events) override;
    // False when the game is not there any more.
    [[nodiscard]] bool to_game(std::span<std::byte> datagram);

    UdpRelay& relay;
    // Begins an exchange if this is a connection with a token of ours.
    void look_for_exchange(ByteSpan first, const Tokens& tokens);
    bool ask_for_token(wake::Instant now);

private:
    bool finish_exchange(ByteSpan from_game);
};

}  // namespace gk::edge
