#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "shim/event_loop.hpp"
#include "shim/system.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// What a game said of itself when it was asked. Reached, but no numbers: the protocol has none.
struct ProbeAnswer {
    std::optional<std::int32_t> online;
    std::optional<std::int32_t> players_max;
    std::vector<std::string> names;
};

// Asks a game one question at a time by its own protocol, as a player's client would.
class Prober {
public:
    // nullopt: no answer within a second, or the connection was refused.
    using Done = std::function<void(std::optional<ProbeAnswer>)>;

    Prober(EventLoop& loop, wire::shim::Target target);
    ~Prober() { end(); }
    bool is_busy() const { return static_cast<bool>(socket_); }
    // Not while one is on its way. `done` is never called from within ask().
    void ask(Done done);

private:
    void begin();
    void on_event(std::uint32_t events);
    void on_datagram(ByteSpan datagram);
    void on_minetest(ByteSpan datagram);
    void on_teeworlds(ByteSpan datagram);
    void send(ByteSpan datagram);
    void end();
    void finish(std::optional<ProbeAnswer> answer);

    EventLoop& loop_;
    wire::shim::Target target_;
    Descriptor socket_;
    Timer deadline_;
    Done done_;
    wire::probe::teeworlds::Token own_token_{};
};

// A stream or datagram socket that is connecting, or has connected, to the target; without one, errno says why.
Descriptor connect_to(const wire::shim::Target& target, int type);

}  // namespace gk::shim
