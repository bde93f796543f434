#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "edge/dns_server.hpp"
#include "edge/routes.hpp"
#include "edge/tcp_relay.hpp"
#include "edge/udp_relay.hpp"

namespace gk::edge {

struct Limits {
    UdpLimits udp{};
    TcpLimits tcp{};
    DnsLimits dns{};
    wake::AnswerLimits answers{};
    // What one of so many loops may do, for all together not to do more than these: the kernel spreads sources over them.
    Limits shared_by(unsigned loops) const;
};

// Somebody knocked at a server that is to be started.
struct WakeCall {
    std::string server;
    Endpoint source;
    std::string name;  // As the player claims; empty where the protocol says none.
};

// Of a datagram route, or of all streams that share an address.
struct RouteCounts {
    std::string server{};  // Empty for streams.
    Endpoint listen{};
    bool is_stream = false;
    std::size_t sessions = 0;
    std::size_t held = 0;  // Of datagram routes: players who wait for the server.
    UdpCounts udp{};
    TcpCounts tcp{};
    // What another loop counted of the same.
    RouteCounts& operator+=(const RouteCounts& other);
};

// Of what two parts of an edge say of the same servers, the earlier.
void keep_earliest(std::map<std::string, wake::Instant>& all, const std::map<std::string, wake::Instant>& more);

// What one loop relays. All of it is called by the loop's thread.
class Shard {
public:
    using Wake = std::function<void(WakeCall)>;
    // `loop` and `tokens` outlive it. `wake` is called from within the loop, and does not call back.
    Shard(Loop& loop, const Tokens& tokens, const Limits& limits, Wake wake);

    // Relays as the table says: routes that stay keep their sockets and sessions, those of routes that went are closed. Returns, for people, what
    // could not be: which address, and why. All others are done.
    std::vector<std::string> apply(const RouteTable& table);
    // What another shard has left: the next table is applied to it, and what that does not name is closed.
    void inherit(ShardState left) { left_ = std::move(left); }
    // Has those who play go on, and lets nobody else in. No table may be applied afterwards.
    void drain();
    // Relays nothing any more, and leaves all it knows.
    ShardState release();
    // Ends what has been silent or slow for too long. From the loop's tick.
    void sweep();
    std::vector<RouteCounts> counts() const;
    // By server: when what a player said was passed on for the first time since it is up; of the loop's clock.
    std::map<std::string, wake::Instant> first_relayed() const;

private:
    struct Streams {
        StreamProtocol protocol;
        std::unique_ptr<TcpRelay> relay;
    };
    void apply_datagrams(const Route& route, std::vector<std::string>& wrong);
    void apply_streams(const Listener& listener, std::vector<std::string>& wrong);
    void apply_dns(const RouteTable& table, std::vector<std::string>& wrong);
    void bar(const std::vector<wake::Ban>& bans);
    // Calls `wake_` for one relay.
    UdpRelay::Wake teller();

    Loop& loop_;
    Limits limits_;
    Wake wake_;
    UdpShared shared_;
    Bans bans_;
    ShardState left_;  // Until the next table.
    std::map<Endpoint, std::unique_ptr<UdpRelay>> datagrams_;
    std::map<Endpoint, Streams> streams_;
    std::map<Endpoint, std::unique_ptr<DnsServer>> dns_;
};

}  // namespace gk::edge
