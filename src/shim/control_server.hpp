#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shim/event_loop.hpp"
#include "shim/system.hpp"
#include "wire/shim/protocol.hpp"

namespace gk::shim {

// Serves the control protocol (wire/shim/protocol.hpp) on the socket in the run folder. Who may connect is the file system's affair.
// Bounded: connections, bytes per connection, and one unsent status at most, however slowly a client reads.
class ControlServer {
public:
    using ClientId = std::uint64_t;
    // Answers may come later, by answer(), also after the client has gone.
    struct Handler {
        std::function<void(ClientId, wire::shim::Request)> on_request;
        std::function<void(ClientId)> on_gone;
        std::function<wire::shim::Status()> status;
    };

    ControlServer(EventLoop& loop, Handler handler) : loop_(loop), handler_(std::move(handler)) {}
    ~ControlServer();
    // `folder` is an open descriptor of the run folder; the socket gets mode 0660.
    ShimResult<Success> listen(int folder);

    void answer(ClientId client, wire::shim::Answer answer);
    // From now on this client hears of every change, and of the present status at once.
    void subscribe(ClientId client);
    void status_changed();

private:
    struct Client {
        Descriptor socket;
        std::vector<std::byte> in;
        std::vector<std::byte> out;
        bool subscribed = false;
        bool status_due = false;
    };
    void on_connection();
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
    std::map<ClientId, Client> clients_;
    ClientId last_id_ = 0;
};

}  // namespace gk::shim
