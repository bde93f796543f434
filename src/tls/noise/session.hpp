#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "tls/noise/handshake.hpp"

namespace gk::noise {

// A stream of bytes between two holders of one key, without any input or output of its own: bytes of the peer go in by feed(), bytes for the
// peer come out by take_output(). Messages of the protocol are led by their size in two bytes, big-endian. The end of the stream is not
// protected: whoever needs to know that nothing is missing says so in what is sent, as every protocol of ours does.
class Session {
public:
    static constexpr std::size_t message_size_max = 16 * 1024;  // Sealed; a peer that sends larger ones is cut off, so that buffers stay small.

    // The client speaks first. `purpose` keeps streams for different ends apart, even with one key.
    static Session client(const Key& key, std::string_view purpose);
    static Session server(const Key& key, std::string_view purpose);
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    // A sentence when the peer does not hold the key, or somebody has changed, repeated, dropped or moved something: then nothing that comes
    // later can be believed.
    Result<Success, std::string> feed(ByteSpan bytes);
    // What the peer has said since the last call.
    std::vector<std::byte> take_plain();
    // Kept back until the peer has answered the opening.
    void send(ByteSpan plain);
    std::vector<std::byte> take_output();
    // The peer has proved in this very connection that it holds the key: what came is no repetition of an older one.
    bool is_proved() const { return proved_; }

private:
    Session(Handshake::Role role, const Key& key, std::string_view purpose);
    Result<Success, std::string> on_message(ByteSpan message);
    Result<Success, std::string> on_opening(ByteSpan message);
    void put(ByteSpan message);

    Handshake::Role role_;
    std::unique_ptr<Handshake> handshake_;  // Until it is over.
    Handshake::Ciphers ciphers_;
    bool proved_ = false;
    std::vector<std::byte> in_;
    std::vector<std::byte> plain_;
    std::vector<std::byte> unsealed_;
    std::vector<std::byte> out_;
};

// The key in these bytes, which must be exactly as many: what the Secret of a server holds.
std::optional<Key> to_key(ByteSpan bytes);

}  // namespace gk::noise
