#include "tls/noise/session.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "base/assert.hpp"

namespace gk::noise {

namespace {

constexpr std::size_t size_size = 2;
using Done = Result<Success, std::string>;

Key fresh_secret() {
    // Chooses the fastest implementations, and gives the generator to a program that has just been started; later calls do nothing.
    ASSERT(sodium_init() >= 0, "libsodium needs only the kernel's generator");
    Key secret;
    randombytes_buf(secret.data(), secret.size());
    return secret;
}

}  // namespace

Session::Session(Handshake::Role role, const Key& key, std::string_view purpose) : role_(role) {
    auto secret = fresh_secret();
    handshake_ = std::make_unique<Handshake>(role, key, as_byte_span(purpose), secret);
    sodium_memzero(secret.data(), secret.size());
}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Session Session::client(const Key& key, std::string_view purpose) {
    Session session(Handshake::Role::initiator, key, purpose);
    const auto opening = session.handshake_->write({});
    session.put(*opening);
    return session;
}

Session Session::server(const Key& key, std::string_view purpose) { return Session(Handshake::Role::responder, key, purpose); }

Done Session::feed(ByteSpan bytes) {
    in_.insert(in_.end(), bytes.begin(), bytes.end());
    std::size_t at = 0;
    for (;;) {
        ByteReader reader(ByteSpan(in_).subspan(at));
        const auto size = reader.big_endian<std::uint16_t>();
        if (!size) break;
        const bool fits = handshake_ ? *size == Handshake::overhead : *size >= tag_size && *size <= message_size_max;
        if (!fits) return std::unexpected("the peer does not speak this protocol");
        const auto message = reader.bytes(*size);
        if (!message) break;
        TRY_OK(on_message(*message));
        at += size_size + *size;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(at));
    return Success{};
}

Done Session::on_message(ByteSpan message) {
    if (handshake_) return on_opening(message);
    const auto plain = ciphers_.receive.open(message);
    if (!plain) return std::unexpected("a message was changed, repeated or left out on its way");
    proved_ = true;
    plain_.insert(plain_.end(), plain->begin(), plain->end());
    return Success{};
}

Done Session::on_opening(ByteSpan message) {
    if (!handshake_->read(message)) return std::unexpected("the peer does not hold the key");
    if (role_ == Handshake::Role::responder) {
        const auto answer = handshake_->write({});
        if (!answer) return std::unexpected("the peer's key is no honest one");
        put(*answer);
    }
    ciphers_ = handshake_->split();
    handshake_.reset();
    // The client's opening may be an old one that is sent again; the server's answer is sealed with what the client has just made.
    proved_ = role_ == Handshake::Role::initiator;
    send(std::exchange(unsealed_, {}));
    return Success{};
}

std::vector<std::byte> Session::take_plain() { return std::exchange(plain_, {}); }

void Session::send(ByteSpan plain) {
    if (handshake_) {
        unsealed_.insert(unsealed_.end(), plain.begin(), plain.end());
        return;
    }
    for (std::size_t at = 0; at < plain.size();) {
        const auto part = plain.subspan(at, std::min(plain.size() - at, message_size_max - tag_size));
        put(ciphers_.send.seal(part));
        at += part.size();
    }
}

std::vector<std::byte> Session::take_output() { return std::exchange(out_, {}); }

void Session::put(ByteSpan message) {
    const auto size = static_cast<std::uint16_t>(message.size());
    out_.push_back(static_cast<std::byte>(size >> 8));
    out_.push_back(static_cast<std::byte>(size & 0xff));
    out_.insert(out_.end(), message.begin(), message.end());
}

std::optional<Key> to_key(ByteSpan bytes) {
    if (bytes.size() != key_size) return std::nullopt;
    Key key;
    std::ranges::copy(bytes, key.begin());
    return key;
}

}  // namespace gk::noise
