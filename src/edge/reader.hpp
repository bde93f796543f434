#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.hpp"
#include "domain/wake/doorman.hpp"
#include "edge/routes.hpp"
#include "edge/socket.hpp"

namespace gk::edge {

// Tokens that prove to us that somebody received what we sent him: a keyed hash of his address, so that we remember nothing. Loops share one.
class Tokens {
public:
    Tokens() = default;
    // Those that another edge has given out.
    explicit Tokens(const SecretHash::Key& key) : hash_(key) {}
    const SecretHash::Key& key() const { return hash_.key(); }
    std::uint32_t of(const Endpoint& source) const;
    // By the same key: hashes that all who share these tokens compute alike.
    std::uint64_t hash_of(ByteSpan bytes) const { return hash_.of(bytes); }
    std::array<std::byte, 4> bytes_of(const Endpoint& source) const;

private:
    SecretHash hash_;
};

struct Reading {
    wake::Knock knock{};               // Its name points into the datagram.
    std::vector<std::byte> answer{};   // To a question; empty where the protocol has none.
    // The answer is no longer than the question, or goes to somebody who has proved where he is: no budget is needed for it.
    bool is_free = false;
};
// What a datagram means to a server that does not run.
Reading read_datagram(GameProtocol protocol, ByteSpan datagram, const Endpoint& source, const Face& face, const Tokens& tokens);
// What ends a join with a text; empty where the protocol has no such thing.
std::vector<std::byte> refusal(GameProtocol protocol, ByteSpan datagram, std::string_view text);

}  // namespace gk::edge
