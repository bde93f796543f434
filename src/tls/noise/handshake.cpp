#include "tls/noise/handshake.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "base/assert.hpp"

namespace gk::noise {

namespace {

constexpr std::size_t digest_size = 64;
constexpr std::size_t block_size = 128;  // Of BLAKE2b, for HMAC.
using Digest = std::array<std::byte, digest_size>;

const unsigned char* in(ByteSpan bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* into(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Digest hash(ByteSpan first, ByteSpan second = {}) {
    crypto_generichash_state state;
    Digest out{};
    crypto_generichash_init(&state, nullptr, 0, digest_size);
    crypto_generichash_update(&state, in(first), first.size());
    crypto_generichash_update(&state, in(second), second.size());
    crypto_generichash_final(&state, into(out), digest_size);
    return out;
}

// RFC 2104; keys here are never longer than a block.
Digest hmac(ByteSpan key, ByteSpan first, ByteSpan second = {}) {
    std::array<std::byte, block_size + digest_size> outer{};
    std::array<std::byte, block_size> inner{};
    std::ranges::copy(key, inner.begin());
    std::ranges::copy(key, outer.begin());
    for (auto& byte : inner) byte ^= std::byte{0x36};
    for (std::size_t i = 0; i < block_size; ++i) outer[i] ^= std::byte{0x5c};
    std::vector<std::byte> text(inner.begin(), inner.end());
    text.insert(text.end(), first.begin(), first.end());
    const auto digest = hash(text, second);
    std::ranges::copy(digest, outer.begin() + block_size);
    const auto out = hash(outer);
    sodium_memzero(inner.data(), inner.size());
    sodium_memzero(outer.data(), outer.size());
    sodium_memzero(text.data(), text.size());
    return out;
}

// HKDF as Noise defines it (section 4.3), with its three outputs; who needs two takes the first two.
std::array<Digest, 3> derive(const Digest& chaining, ByteSpan material) {
    const std::array<std::byte, 3> one_two_three{std::byte{1}, std::byte{2}, std::byte{3}};
    const auto count = ByteSpan(one_two_three);
    auto temporary = hmac(chaining, material);
    std::array<Digest, 3> out;
    out[0] = hmac(temporary, count.subspan(0, 1));
    out[1] = hmac(temporary, out[0], count.subspan(1, 1));
    out[2] = hmac(temporary, out[1], count.subspan(2, 1));
    sodium_memzero(temporary.data(), temporary.size());
    return out;
}

Key first_half(const Digest& digest) {
    Key key;
    std::copy_n(digest.begin(), key.size(), key.begin());
    return key;
}

// 32 bits of zeros and the count, little-endian (section 12.3).
std::array<unsigned char, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce_of(std::uint64_t count) {
    std::array<unsigned char, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<unsigned char>(count >> (8 * i));
    return nonce;
}

static_assert(key_size == crypto_aead_chacha20poly1305_IETF_KEYBYTES && key_size == crypto_scalarmult_BYTES);
static_assert(tag_size == crypto_aead_chacha20poly1305_IETF_ABYTES);

}  // namespace

Cipher::Cipher(Cipher&& other) noexcept : key_(other.key_), count_(other.count_) { sodium_memzero(other.key_.data(), key_size); }

Cipher& Cipher::operator=(Cipher&& other) noexcept {
    if (this == &other) return *this;
    key_ = other.key_;
    count_ = other.count_;
    sodium_memzero(other.key_.data(), key_size);
    return *this;
}

Cipher::~Cipher() { sodium_memzero(key_.data(), key_size); }

std::vector<std::byte> Cipher::seal(ByteSpan plain, ByteSpan bound) {
    std::vector<std::byte> out(plain.size() + tag_size);
    const auto nonce = nonce_of(count_++);
    crypto_aead_chacha20poly1305_ietf_encrypt(into(out), nullptr, in(plain), plain.size(), in(bound), bound.size(), nullptr, nonce.data(), in(key_));
    return out;
}

std::optional<std::vector<std::byte>> Cipher::open(ByteSpan sealed, ByteSpan bound) {
    if (sealed.size() < tag_size) return std::nullopt;
    std::vector<std::byte> out(sealed.size() - tag_size);
    const auto nonce = nonce_of(count_);
    const auto refused = crypto_aead_chacha20poly1305_ietf_decrypt(into(out), nullptr, nullptr, in(sealed), sealed.size(), in(bound), bound.size(),
                                                                   nonce.data(), in(key_));
    if (refused != 0) return std::nullopt;
    ++count_;
    return out;
}

Handshake::Handshake(Role role, const Key& psk, ByteSpan prologue, const Key& secret) : role_(role), secret_(secret) {
    // A name that is no longer than a digest stands for itself.
    static_assert(protocol_name.size() <= digest_size);
    std::ranges::copy(as_byte_span(protocol_name), transcript_.begin());
    chaining_ = transcript_;
    crypto_scalarmult_base(into(public_), in(secret_));
    mix_hash(prologue);
    mix_key_and_hash(psk);
}

Handshake::~Handshake() {
    sodium_memzero(secret_.data(), secret_.size());
    sodium_memzero(chaining_.data(), chaining_.size());
}

std::optional<std::vector<std::byte>> Handshake::write(ByteSpan payload) {
    std::vector<std::byte> out(public_.begin(), public_.end());
    mix_hash(public_);
    mix_key(public_);
    if (!std::exchange(first_, false) && !mix_agreement()) return std::nullopt;
    const auto sealed = cipher_.seal(payload, transcript_);
    mix_hash(sealed);
    out.insert(out.end(), sealed.begin(), sealed.end());
    return out;
}

std::optional<std::vector<std::byte>> Handshake::read(ByteSpan message) {
    if (message.size() < overhead) return std::nullopt;
    std::ranges::copy(message.first(key_size), peer_.begin());
    mix_hash(peer_);
    mix_key(peer_);
    if (!std::exchange(first_, false) && !mix_agreement()) return std::nullopt;
    const auto sealed = message.subspan(key_size);
    auto payload = cipher_.open(sealed, transcript_);
    if (payload) mix_hash(sealed);
    return payload;
}

Handshake::Ciphers Handshake::split() {
    auto keys = derive(chaining_, {});
    Cipher from_initiator(first_half(keys[0])), from_responder(first_half(keys[1]));
    for (auto& key : keys) sodium_memzero(key.data(), key.size());
    if (role_ == Role::initiator) return {.send = std::move(from_initiator), .receive = std::move(from_responder)};
    return {.send = std::move(from_responder), .receive = std::move(from_initiator)};
}

void Handshake::mix_hash(ByteSpan bytes) { transcript_ = hash(transcript_, bytes); }

void Handshake::mix_key(ByteSpan material) {
    auto keys = derive(chaining_, material);
    chaining_ = keys[0];
    cipher_ = Cipher(first_half(keys[1]));
    for (auto& key : keys) sodium_memzero(key.data(), key.size());
}

void Handshake::mix_key_and_hash(ByteSpan material) {
    auto keys = derive(chaining_, material);
    chaining_ = keys[0];
    mix_hash(keys[1]);
    cipher_ = Cipher(first_half(keys[2]));
    for (auto& key : keys) sodium_memzero(key.data(), key.size());
}

bool Handshake::mix_agreement() {
    Key shared{};
    // A point of small order would make the outcome known to everybody.
    if (crypto_scalarmult(into(shared), in(secret_), in(peer_)) != 0) return false;
    mix_key(shared);
    sodium_memzero(shared.data(), shared.size());
    return true;
}

}  // namespace gk::noise
