#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "domain/wake/route.hpp"

// What a game that runs says of itself to a list of servers, in its own words (wire): what to say, and what was answered. No socket, no clock.
namespace gk::programs {

// One conversation in datagrams. What comes of a face is as the game said it: see wake::bounded().
class Interview {
public:
    using Nonce = std::array<std::byte, 4>;
    // `nonce` is ours alone: an answer has to say it. `protocol` is one with a face_key().
    Interview(wake::GameProtocol protocol, const Nonce& nonce) : protocol_(protocol), nonce_(nonce) {}

    std::vector<std::byte> opening() const;
    struct Turn {
        std::vector<std::byte> say{};      // Next; empty: nothing new.
        std::optional<wake::Face> seen{};  // Then that is all.
    };
    // Whatever is no answer to what was asked is passed over.
    Turn hear(ByteSpan datagram);

private:
    Turn hear_quake3(ByteSpan datagram);
    Turn hear_teeworlds(ByteSpan datagram) const;
    Turn hear_raknet(ByteSpan datagram) const;
    Turn hear_a2s(ByteSpan datagram) const;

    wake::GameProtocol protocol_;
    Nonce nonce_;
    std::optional<wake::Face> so_far_;  // Of Quake 3, which has two questions.
};

// Of Minecraft's answer, which is JSON; nothing when it is none.
std::optional<wake::Face> face_of_minecraft(std::string_view json);

}  // namespace gk::programs
