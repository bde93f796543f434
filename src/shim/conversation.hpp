#pragma once

#include <vector>

#include "shim/control_server.hpp"

namespace gk::shim {

// Our end of a connection that was given away (ControlServer::give_away), in a process of its own: everything here may block. Whoever neither asks
// nor takes anything for a minute is given up.
class Conversation {
public:
    // Makes this process one that holds nothing of the shim's but this connection; `name` is for process lists. Where memory is short, the kernel
    // takes it, and what it starts, before the game.
    Conversation(ControlServer::Connection connection, const char* name);

    // What was not sent yet, and the answer. These return false when the other side is gone or meddles.
    bool begin(const wire::shim::Answer& answer);
    bool say(ByteSpan bytes);
    // At least so many bytes were heard then.
    bool await(std::size_t size);
    // Something more was heard.
    bool hear();

    std::vector<std::byte>& heard() { return connection_.in; }
    int socket() const { return connection_.socket.get(); }

private:
    bool send_all(ByteSpan bytes) const;
    ControlServer::Connection connection_;
};

}  // namespace gk::shim
