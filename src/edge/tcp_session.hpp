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
    Session(TcpRelay& relay, Descriptor player, const Endpoint& source);
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    const Endpoint& source() const { return source_; }
    // Has not said yet what it wants, or is only told something.
    bool is_waiting() const { return stage_ != Stage::connecting && stage_ != Stage::relaying && stage_ != Stage::held; }
    // The functions below that return bool say whether the session goes on.
    [[nodiscard]] bool begin();
    // Its route may have become reachable.
    [[nodiscard]] bool look_again();
    [[nodiscard]] bool pass_time();

    std::list<std::unique_ptr<Session>>::iterator place;  // In the relay's list.

private:
    enum class Stage : std::uint8_t { opening, answering, held, connecting, relaying, goodbye };
    struct Side final : Loop::Handler {
        explicit Side(Session& owner) : session(owner) {}
        void on_ready(std::uint32_t events) override;
        Session& session;
        Descriptor socket;
        std::vector<std::byte> unsent;  // To this side; the other one is not read while there is any.
        std::uint32_t interest = 0;
        bool is_watched = false;
        bool has_ended = false;    // Nothing more comes from it.
        bool was_told = false;     // That nothing more goes to it.
    };

    bool on_ready(Side& side, std::uint32_t events);
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
    Side player_;
    Side game_;
    Stage stage_ = Stage::opening;
    std::string host_;              // By which its route is found; once it said what it wants.
    std::int32_t protocol_ = 0;     // Of Minecraft.
    std::vector<std::byte> first_;  // Until it is replayed.
    std::size_t read_of_first_ = 0; // While lists are answered.
    wake::Instant until_{0};
    wake::Instant heard_{0};
};

}  // namespace gk::edge
