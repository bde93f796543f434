#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "domain/wake/budget.hpp"
#include "domain/wake/doorman.hpp"
#include "edge/loop.hpp"
#include "edge/reader.hpp"
#include "edge/relay_state.hpp"
#include "edge/routes.hpp"
#include "edge/socket.hpp"

namespace gk::edge {

struct UdpLimits {
    std::size_t sessions_max = 20'000;           // Of a route on one loop.
    std::size_t sessions_per_source_max = 64;    // From one address: people share one.
    // Of these, of players who have said nothing after an answer: invented sources must not take the descriptors of all other routes.
    std::size_t unconfirmed_max = 1'000;
    wake::Rate new_per_source{.per_minute = 20 * 60, .most = 100};        // Sessions, from one address.
    wake::Rate datagrams{.per_minute = 2'000 * 60, .most = 2'000};        // Of one session; what is beyond is lost.
    std::size_t held_max = 1'000;                // Sessions that wait for their server; more are ignored, and clients repeat themselves.
    std::size_t held_bytes_max = 4096;           // Of each of them.
    Milliseconds idle{60'000};                   // A session without a datagram from its player ends.
    Milliseconds idle_in_drain{5'000};           // As `idle`, while the edge only waits for its players to leave.
    Milliseconds unconfirmed{5'000};             // Until the player has said something after an answer: a spoofed source never does.
    wake::DoorLimits door{};
};

// What the relays of one loop share. Outlives them.
struct UdpShared {
    const Tokens& tokens;  // Those of all loops of the edge.
    wake::AnswerBudget answers;  // To whom has proved nothing: strangers are not safer from many routes than from one.
};

// Relays the datagrams of one route on one loop. While the server does not run it answers, holds and asks for the server; when a route comes
// that is up, what was held is replayed byte for byte, in the order it came.
class UdpRelay final : Loop::Handler {
public:
    // Who knocked, and by which name. Called once for each time the server has to be started, from within the loop; it does not call update().
    using Wake = std::function<void(const Route& route, const Endpoint& source, std::string_view name)>;

    // The error is for people: which address, and what the kernel said. `loop` and `shared` outlive it. With what another relay of this route has
    // left it goes on where that one stopped; then it wakes again for who is held while the route sleeps: nobody knows whether that was heard.
    static Result<std::unique_ptr<UdpRelay>, std::string> open(Loop& loop, Route route, const UdpLimits& limits, UdpShared& shared, Wake wake,
                                                               std::optional<UdpRelayState> left = std::nullopt);
    ~UdpRelay() override;
    UdpRelay(const UdpRelay&) = delete;
    UdpRelay& operator=(const UdpRelay&) = delete;

    // Another state of the same route: name, address and protocol stay. Live sessions stay with the game they talk to.
    void update(Route route);
    // From now on these are not heard, and those of them who play leave.
    void bar(Bans bans);
    // Ends what has been silent for too long. From the loop's tick.
    void sweep();
    // From now on there is no room for anybody new.
    void drain();
    // Stops, and leaves all it knows. Afterwards it can only be destroyed.
    UdpRelayState release();

    const Endpoint& local() const { return local_; }
    const Route& route() const { return route_; }
    std::size_t sessions() const { return sessions_.size(); }
    std::size_t held() const { return held_.size(); }
    const UdpCounts& counts() const { return counts_; }
    // When what a player said was passed on for the first time since the route is up; of the loop's clock.
    std::optional<wake::Instant> first_relayed() const { return first_relayed_; }

private:
    struct Session;
    // A datagram, and who said it.
    struct Said {
        Endpoint peer;
        Endpoint source;  // Another one where the peer is a proxy,
        std::optional<Endpoint> destination;  // which may say where he came to.
        std::optional<wake::Address> asked;  // Of ours.
        std::span<std::byte> whole;
        std::span<std::byte> words;  // Without what the proxy said.
    };

    UdpRelay(Loop& loop, Route route, const UdpLimits& limits, UdpShared& shared, Wake wake, Descriptor socket);
    void on_ready(std::uint32_t events) override;
    void on_datagram(std::span<std::byte> datagram, const Endpoint& peer, const std::optional<wake::Address>& asked);
    std::optional<Said> heard_from(const Endpoint& peer, std::span<std::byte> datagram, bool is_known) const;
    void knock(const Said& said);
    void hold(const Said& said, Milliseconds wait);
    void replay_held();
    void adopt(UdpRelayState left);
    Session* open_session(const Said& said);
    Endpoint came_to(const Said& said) const;
    // As whom the games see him; nothing: as the edge.
    std::optional<Endpoint> seen_as(const Endpoint& player) const;
    void add_copies(UdpSessionState& state) const;
    Session& add(UdpSessionState state);
    void end(Session& session);
    bool may_answer(const Session& session, std::size_t bytes);
    void send_to(ByteSpan datagram, const Endpoint& player, const std::optional<wake::Address>& from);

    Loop& loop_;
    Route route_;
    UdpLimits limits_;
    UdpShared& shared_;
    Wake wake_;
    Descriptor socket_;
    Endpoint local_;
    bool is_everywhere_;  // At all addresses of this machine.
    wake::Doorman doorman_;
    std::unordered_map<Endpoint, std::unique_ptr<Session>> sessions_;
    std::size_t unconfirmed_ = 0;  // Of them.
    std::map<wake::Address, std::size_t> sessions_of_;  // By address of the player.
    wake::Sources<wake::Bucket> newcomers_;
    std::unordered_map<Endpoint, UdpHeld> held_;
    UdpCounts counts_;
    std::optional<wake::Instant> first_relayed_;
    Bans bans_;
    bool is_draining_ = false;
};

}  // namespace gk::edge
