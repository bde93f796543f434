#pragma once

#include <list>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "edge/tcp_relay.hpp"

namespace gk::edge {

// One player's stream, and the game's once there is one.
class TcpRelay::Session {
public:
    Session(TcpRelay& relay, TcpSessionState state);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const Endpoint& source() const { return source_; }
    // Has not said yet what it wants, or is only told something.
    bool is_waiting() const { return stage_ != Stage::connecting && stage_ != Stage::relaying && stage_ != Stage::held; }
    // The functions below that return bool say whether the session goes on.
    [[nodiscard]] bool begin();
    // Goes on where another one stopped.
    [[nodiscard]] bool resume();
    // Stops, and leaves all it knows.
    TcpSessionState release();
    // Its route may have become reachable.
    [[nodiscard]] bool look_again();
    [[nodiscard]] bool pass_time();
    // Nobody new gets in any more.
    [[nodiscard]] bool goes_on_in_drain();

    std::list<std::unique_ptr<Session>>::iterator place;  // In the relay's list.

private:
    using Stage = TcpStage;
    struct Side final : Loop::Handler, TcpSideState {
        Side(Session& owner, TcpSideState state) : TcpSideState(std::move(state)), session(owner) {}
        void on_ready(std::uint32_t events) override;
        Session& session;
        std::uint32_t interest = 0;
        bool is_watched = false;
    };

    bool on_ready(Side& side, std::uint32_t events);
    bool begin_opening();
    bool read_introduction();
    bool read_opening();
    bool understand(bool quiet);
    bool understand_minecraft(bool quiet);
    bool enter(const std::string& host, const wake::Knock& knock);
    bool answer_lists();
    bool refuse(const wake::Verdict& verdict);
    bool say_goodbye(ByteSpan last);
    bool connect();
    bool on_connected();
    bool pump(Side& from, Side& to);
    bool flush(Side& side);
    void watch(Side& side, std::uint32_t interest);
    bool watch_both();
    void enter_stage(Stage stage, Milliseconds most);

    TcpRelay& relay_;
    Endpoint source_;
    std::optional<Endpoint> destination_;
    Side player_;
    Side game_;
    // As TcpSessionState explains them.
    Stage stage_;
    std::string host_;
    std::int32_t protocol_;
    std::vector<std::byte> first_;
    std::uint64_t read_of_first_;
    wake::Instant until_;
    wake::Instant heard_;
};

}  // namespace gk::edge
