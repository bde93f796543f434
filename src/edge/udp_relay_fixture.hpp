#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "edge/udp_relay.hpp"

// For tests of the relay of datagrams.
namespace gk::edge {

using namespace std::chrono_literals;
using Bytes = std::vector<std::byte>;

// A socket of a player or a game, on loopback.
class Peer {
public:
    explicit Peer(const char* at = "127.0.0.1:0") : socket_(*listen_datagrams(*Endpoint::parse(at))) {}
    Endpoint at() const { return local_endpoint(socket_.get()); }
    void send(ByteSpan datagram, const Endpoint& to) const {
        const auto address = kernel_address(to, at().address.is_v4() ? AF_INET : AF_INET6);
        ASSERT_EQ(::sendto(socket_.get(), datagram.data(), datagram.size(), 0, address.get(), address.size), std::ssize(datagram));
    }
    void send(std::string_view text, const Endpoint& to) const { send(as_byte_span(text), to); }
    std::optional<Bytes> receive() {
        Bytes buffer(65536);
        KernelAddress from;
        const auto size = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT, from.get(), &from.size);
        if (size < 0) return std::nullopt;
        last_from = endpoint_of(from.storage);
        buffer.resize(static_cast<std::size_t>(size));
        return buffer;
    }
    void close() { socket_.reset(); }
    Endpoint last_from;

private:
    Descriptor socket_;
};

struct UdpRelayTest : testing::Test {
    std::unique_ptr<UdpRelay> relay_of(Route route, UdpLimits limits = {}, const char* at = "127.0.0.1:0") {
        route.listen = *Endpoint::parse(at);
        route.server = "Castle";
        auto relay =
            UdpRelay::open(loop, std::move(route), limits, shared, [this](const Route& woken, const Endpoint& source, std::string_view name) {
                wakes.push_back(woken.server + " by " + source.address.text() + " " + std::string(name));
            });
        return std::move(*relay);
    }
    Route up(GameProtocol protocol = GameProtocol::generic) const {
        return {.server = "", .listen = {}, .protocol = protocol, .state = RouteState::up, .upstream = game.at(), .face = {}};
    }
    void wake_up(UdpRelay& relay) const {
        auto route = relay.route();
        route.state = RouteState::up;
        route.upstream = game.at();
        relay.update(route);
    }
    // What the peer gets next; nothing within two seconds fails the test.
    Bytes next(Peer& peer) {
        for (int i = 0; i < 200; ++i) {
            if (auto datagram = peer.receive()) return *datagram;
            loop.turn(10ms);
        }
        ADD_FAILURE() << "nothing came";
        return {};
    }
    // Everything that is on its way has arrived: loopback delivers in the call that sends.
    void settle() {
        for (int i = 0; i < 5; ++i) loop.turn(0ms);
    }
    void pass(Milliseconds time) {
        loop.turn(0ms);  // The time counts from now, not from the last turn.
        const auto until = loop.now() + time;
        while (loop.now() < until) loop.turn(10ms);
    }
    void knock(UdpRelay& relay, Peer& player, ByteSpan datagram) {
        for (int i = 0; i < 2; ++i) {
            player.send(datagram, relay.local());
            pass(220ms);
        }
    }

    Loop loop;
    Tokens tokens;
    UdpShared shared{tokens, wake::AnswerBudget({}, loop.now())};
    Peer game;
    Peer ann;
    Peer bob;
    std::vector<std::string> wakes;
};

}  // namespace gk::edge
