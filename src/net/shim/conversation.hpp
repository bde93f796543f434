#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/bytes.hpp"
#include "base/id.hpp"
#include "base/result.hpp"
#include "net/shim/remote_shim.hpp"
#include "ports/task.hpp"
#include "tls/noise/session.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::net::shim {

// A connection of its own for one purpose (Op::files, game_files, program), on which both sides speak in turn. Errors are sentences.
class Conversation {
public:
    template <class T>
    using Answer = Task<Result<T, std::string>>;

    Conversation(boost::asio::generic::stream_protocol::socket socket, const noise::Key& key);

    // Asks the shim for what this connection is to be.
    Answer<Success> ask_for(wire::shim::Op op, Epoch epoch);
    // Returns when it has been handed to the kernel; at the opening, when the peer can understand it.
    Answer<Success> say(std::vector<std::byte> bytes);
    // Waits until at least so many bytes are there.
    Answer<Success> await(std::size_t size);
    // Waits for some more.
    Answer<Success> hear();
    const std::vector<std::byte>& heard() const { return in_; }
    void drop(std::size_t size) { in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(size)); }

    // The shim's own words when ask_for() failed because it refused.
    const std::optional<wire::shim::Answer>& refusal() const { return refusal_; }

private:
    Answer<Success> send_out();

    boost::asio::generic::stream_protocol::socket socket_;
    noise::Session seal_;
    std::array<std::byte, 16 * 1024> chunk_{};
    std::vector<std::byte> in_;
    std::optional<wire::shim::Answer> refusal_;
};

}  // namespace gk::net::shim
