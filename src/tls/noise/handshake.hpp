#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

// Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b of the Noise Protocol Framework, revision 34 (noiseprotocol.org), on libsodium's primitives: two sides
// that hold the same key prove it to one another and agree on fresh keys, which nobody can compute later from a recording and that key. Only
// this one pattern, so that there is nothing to negotiate and nothing to configure wrongly.
//
//     -> psk, e        <- e, ee
namespace gk::noise {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t tag_size = 16;
inline constexpr std::string_view protocol_name = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2b";

using Key = std::array<std::byte, key_size>;

// One direction: each message is bound to its place in the order, so that none can be left out, repeated or moved. Wiped when destroyed.
class Cipher {
public:
    Cipher() = default;
    explicit Cipher(const Key& key) : key_(key) {}
    Cipher(Cipher&& other) noexcept;
    Cipher& operator=(Cipher&& other) noexcept;
    ~Cipher();

    // Longer by tag_size. `bound` is not sent, and must be the same on the other side.
    std::vector<std::byte> seal(ByteSpan plain, ByteSpan bound = {});
    // nullopt: not sealed by the other side as its next message. The place in the order stays.
    std::optional<std::vector<std::byte>> open(ByteSpan sealed, ByteSpan bound = {});

private:
    Key key_{};
    std::uint64_t count_ = 0;
};

// The messages of the opening: the initiator writes, then reads; the responder reads, then writes. After that split() is called once. A
// handshake in which a read failed is of no use any more.
class Handshake {
public:
    enum class Role : std::uint8_t { initiator, responder };
    static constexpr std::size_t overhead = key_size + tag_size;  // What a message is longer than its payload.

    // `prologue` must be the same on both sides. `secret` is the ephemeral one: random, and never used again.
    Handshake(Role role, const Key& psk, ByteSpan prologue, const Key& secret);
    Handshake(const Handshake&) = delete;
    Handshake& operator=(const Handshake&) = delete;
    ~Handshake();

    // nullopt: the peer's ephemeral key is no honest one.
    std::optional<std::vector<std::byte>> write(ByteSpan payload);
    // The payload; nullopt when the message is not from somebody with the key, or has been changed.
    std::optional<std::vector<std::byte>> read(ByteSpan message);

    struct Ciphers {
        Cipher send;
        Cipher receive;
    };
    Ciphers split();

private:
    using Digest = std::array<std::byte, 64>;

    void mix_hash(ByteSpan bytes);
    void mix_key(ByteSpan material);
    void mix_key_and_hash(ByteSpan material);
    bool mix_agreement();

    Role role_;
    Key secret_;
    Key public_{};
    Key peer_{};
    Digest chaining_{};
    Digest transcript_{};
    Cipher cipher_;
    bool first_ = true;
};

}  // namespace gk::noise
