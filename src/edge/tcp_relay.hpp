#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/wake/doorman.hpp"
#include "edge/loop.hpp"
#include "edge/relay_state.hpp"
#include "edge/routes.hpp"
#include "edge/socket.hpp"

namespace gk::edge {

struct TcpLimits {
    std::size_t sessions_max = 15'000;         // Of a listener on one loop. When full, the oldest that has not said what it wants makes room.
    std::size_t sessions_per_source_max = 64;
    wake::Rate new_per_source{.per_minute = 20 * 60, .most = 100};  // Sessions, from one address.
    Milliseconds introduction{1'000};          // Until a proxy has said for whom it speaks.
    Milliseconds opening{5'000};               // Until a client has said what it wants.
    Milliseconds quiet{200};                   // After which the two oldest list pings of Minecraft are known to be whole.
    Milliseconds goodbye{2'000};               // Until a client has taken the last answer.
    wake::DoorLimits door{};
};

// Relays the streams of one listener on one loop, to the route that a stream's first bytes name. While a server sleeps it answers lists, and
// holds joins: what they said (at most 4 KiB) is replayed, byte for byte, when their route is up. Either side's end is passed on by itself, and
// what the slower side does not take is not read from the faster one. An idle session has no buffer.
class TcpRelay final : Loop::Handler {
public:
    // As that of UdpRelay.
    using Wake = std::function<void(const Route& route, const Endpoint& source, std::string_view name)>;

    // With what another relay of this address has left it goes on where that one stopped, as UdpRelay does.
    static Result<std::unique_ptr<TcpRelay>, std::string> open(Loop& loop, const Endpoint& at, StreamProtocol protocol, std::vector<Route> routes,
                                                               const TcpLimits& limits, Wake wake, std::optional<TcpRelayState> left = std::nullopt);
    ~TcpRelay() override;
    TcpRelay(const TcpRelay&) = delete;
    TcpRelay& operator=(const TcpRelay&) = delete;

    // All routes of this listener anew. Live sessions stay with the game they talk to.
    void update(std::vector<Route> routes);
    // As that of UdpRelay.
    void bar(Bans bans);
    // Ends what took too long. From the loop's tick.
    void sweep();
    // From now on nobody is listened for; who is not relayed yet is sent away.
    void drain();
    // Stops, and leaves all it knows. Afterwards it can only be destroyed.
    TcpRelayState release();

    const Endpoint& local() const { return local_; }
    std::size_t sessions() const { return sessions_.size(); }
    const TcpCounts& counts() const { return counts_; }
    // By server: when what a player said was passed on for the first time since its route is up; of the loop's clock.
    std::map<std::string, wake::Instant> first_relayed() const;

private:
    class Session;
    struct Door {
        Route route;
        wake::Doorman doorman;
        std::optional<wake::Instant> first_relayed{};
    };

    TcpRelay(Loop& loop, StreamProtocol protocol, const TcpLimits& limits, Wake wake, Descriptor listener);
    void on_ready(std::uint32_t events) override;
    void admit(Descriptor socket, const Endpoint& source);
    void adopt(TcpRelayState left);
    Session& add(TcpSessionState state);
    bool make_room(const Endpoint& source);
    bool is_proxy(const Endpoint& peer) const;
    // A proxy has said who the player of the session is; false when there is no room for him.
    bool rename(Session& session, const Endpoint& source);
    // Whether this address may have one more.
    bool admits(const Endpoint& source);
    void count_out(const Endpoint& source);
    Door* door_of(const std::string& host);
    void end(Session& session);
    template <class Ended>
    void end_those(Ended has_ended);

    Loop& loop_;
    StreamProtocol protocol_;
    TcpLimits limits_;
    Wake wake_;
    Descriptor listener_;
    Endpoint local_;
    std::vector<std::unique_ptr<Door>> doors_;
    std::list<std::unique_ptr<Session>> sessions_;  // The oldest first.
    std::map<wake::Address, std::size_t> sessions_of_;
    wake::Sources<wake::Bucket> newcomers_;
    TcpCounts counts_;
    Bans bans_;
};

}  // namespace gk::edge
