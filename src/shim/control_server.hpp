#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shim/event_loop.hpp"
#include "shim/system.hpp"
#include "tls/noise/session.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::shim {

// Serves the control protocol (wire/shim/protocol.hpp): on the socket in the run folder, where the file system says who may connect, or on a TCP
// port, to holders of a key. Bounded: connections, bytes per connection, one unsent status at most, however slowly a client reads, and the time
// in which a stranger must show that it holds the key; when strangers are many, the oldest makes room.
class ControlServer {
public:
    using ClientId = std::uint64_t;
    // Answers may come later, by answer(), also after the client has gone.
    struct Handler {
        std::function<void(ClientId, wire::shim::Request)> on_request;
        std::function<void(ClientId)> on_gone;
        std::function<wire::shim::Status()> status;
    };

    ControlServer(EventLoop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)), growth_(loop) {}
    ~ControlServer();
    // `folder` is an open descriptor of the run folder; the socket gets mode 0660.
    ShimResult<Success> listen(int folder);
    // On all addresses, IPv4 and IPv6. Port 0: any. The port.
    ShimResult<std::uint16_t> listen(std::uint16_t port, const noise::Key& key);

    void answer(ClientId client, wire::shim::Answer answer);
    // From now on this client hears of every change, and of the present status at once.
    void subscribe(ClientId client);
    void status_changed();
    // From now on this client hears, a little later, when the log has grown: the status tells where it ends.
    void follow_log(ClientId client);
    void log_grown();

    // A connection that goes on without us: from now on the client speaks to somebody else.
    struct Connection {
        Descriptor socket;
        std::optional<noise::Session> seal;
        std::vector<std::byte> in;   // Read and not understood yet.
        std::vector<std::byte> out;  // Not sent yet, sealed already.
    };
    // Nothing is answered to this client any more.
    Connection give_away(ClientId client);

private:
    struct Client {
        Descriptor socket;
        std::optional<noise::Session> seal;   // Over TCP.
        std::unique_ptr<Timer> time_to_prove;  // While it is a stranger.
        std::vector<std::byte> in;
        std::vector<std::byte> out;
        bool subscribed = false;
        bool status_due = false;
        bool follows_log = false;
        bool is_stranger() const { return time_to_prove != nullptr; }
    };
    void begin_listening(Descriptor listener);
    void make_room_for_a_stranger();
    bool unseal(Client& client, ByteSpan bytes);
    static void put(Client& client, const std::vector<std::byte>& frame);
    bool accept_one();
    void admit(Descriptor socket);
    void on_event(ClientId id, std::uint32_t events);
    bool read_some(Client& client);
    bool handle_frames(ClientId id);
    bool flush(Client& client);
    void refill(Client& client);
    void settle(ClientId id);
    void drop(ClientId id);

    EventLoop& loop_;
    Handler handler_;
    Descriptor listener_;
    std::optional<noise::Key> key_;
    Timer growth_;
    bool growth_due_ = false;
    std::map<ClientId, Client> clients_;
    ClientId last_id_ = 0;
};

}  // namespace gk::shim
