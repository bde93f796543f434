#pragma once

#include "edge/udp_relay.hpp"

namespace gk::edge {

// One player at one game: a socket of its own, by which the game knows him.
struct UdpRelay::Session final : Loop::Handler, UdpSessionState {
    // Hears the games from now on.
    Session(UdpRelay& owner, UdpSessionState state);
    ~Session() override;
    void on_ready(std::uint32_t events) override;
    // False when the game is not there any more.
    [[nodiscard]] bool to_game(std::span<std::byte> datagram);
    // The game is gone. Another one that heard the same may take its place; false when there is none.
    [[nodiscard]] bool fail_over();
    // Ends a game's turn that is silent while another one speaks.
    void look_for_silence();
    // Stops, and leaves all it knows.
    UdpSessionState release();

    UdpRelay& relay;
    // Begins an exchange if this is a connection with a token of ours.
    void look_for_exchange(ByteSpan first, const Tokens& tokens);
    bool ask_for_token(wake::Instant now);

private:
    void confirm();
    // Another game that hears the player. What it says is only kept, if at all.
    struct Copy final : Loop::Handler {
        Copy(Session& of, Descriptor to_game) : session(of), socket(std::move(to_game)) {}
        void on_ready(std::uint32_t events) override;
        Session& session;
        Descriptor socket;
    };
    [[nodiscard]] bool send_introduced(ByteSpan datagram);
    [[nodiscard]] bool send_to(int game_socket, ByteSpan datagram);
    void lose(Copy& copy);

    std::vector<std::unique_ptr<Copy>> others_;
    std::optional<wake::ReplyMerge> merge_;
    bool finish_exchange(ByteSpan from_game);
};

}  // namespace gk::edge
