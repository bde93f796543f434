#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>

#include "async/signal.hpp"
#include "base/result.hpp"
#include "net/shim/remote_shim.hpp"
#include "ports/clock.hpp"
#include "ports/runtime.hpp"
#include "ports/task.hpp"
#include "tls/noise/session.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::net::shim {

// One connection to one gk-shim (wire/shim/protocol.hpp). It holds the newest status that the shim has told, and carries commands. When
// the connection ends, it stays closed: whoever wants another one connects again.
class Link : public std::enable_shared_from_this<Link> {
public:
    using Changed = std::function<void()>;

    // Connects to the shim of this run folder and subscribes; the shim refuses older epochs from then on. `changed` is called on the loop
    // after each new status and once when the connection ends, until close(). Errors: `not_found` when nobody listens there, `refused` when
    // the shim has seen a newer epoch, else `unavailable`.
    static Task<Result<std::shared_ptr<Link>, RuntimeError>> connect(Clock& clock, std::string run_folder, Epoch epoch, Changed changed);

    // The same with a shim in a pod, sealed. `not_found` does not occur: that a pod cannot be reached says nothing of what is in it.
    // `reach` makes the connection: only the simulator gives another one than net::shim::reach.
    static Task<Result<std::shared_ptr<Link>, RuntimeError>> connect(Clock& clock, RemoteShim shim, Epoch epoch, Changed changed,
                                                                     Reach reach = shim::reach);

    Link(boost::asio::any_io_executor executor, Clock& clock);  // For connect().

    bool is_open() const { return open_; }
    // Of the moment; when the connection has ended, the last one told.
    const wire::shim::Status& status() const { return status_; }

    // Sends a request and waits for its answer, at most `patience`. The text of the answer, or an error as the shim told it.
    Task<Result<std::string, RuntimeError>> ask(wire::shim::Op op, std::string text, Epoch epoch, Milliseconds patience);

    // Says a line to the game's console, and does not wait for what the game says to it; a shim from before Op::tell does.
    Task<Result<Success, RuntimeError>> tell(std::string line, Epoch epoch, Milliseconds patience);

    // Ends the connection. Whoever waits for an answer gets `unavailable`.
    void close();

private:
    struct Pending {
        std::optional<wire::shim::Answer> answer;
        async::Signal arrived;
    };
    Task<Result<Success, RuntimeError>> open(const std::string& run_folder);
    class Unkept;
    Task<Result<Success, RuntimeError>> greet(Epoch epoch, Changed changed);
    void begin();
    static Task<void> wait_for(std::shared_ptr<Pending> pending);
    void read_on();
    void on_bytes(std::size_t count);
    bool unseal(ByteSpan bytes);
    void on_message(wire::shim::FromShim message);
    void write(const std::vector<std::byte>& frame);
    void write_on();
    void end();

    Clock& clock_;
    boost::asio::generic::stream_protocol::socket socket_;
    std::optional<noise::Session> seal_;  // Over TCP.
    Changed changed_;
    bool open_ = false;
    wire::shim::Status status_;
    std::string hello_;  // What the shim answered to it.
    std::uint32_t last_id_ = 0;
    std::map<std::uint32_t, std::shared_ptr<Pending>> pending_;
    std::vector<std::byte> chunk_;
    std::vector<std::byte> in_;
    std::vector<std::byte> out_;      // Not yet handed to the socket.
    std::vector<std::byte> sending_;  // Handed to it.
};

}  // namespace gk::net::shim
