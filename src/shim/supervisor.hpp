#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "shim/console.hpp"
#include "shim/control_server.hpp"
#include "shim/ending.hpp"
#include "shim/event_loop.hpp"
#include "shim/game_process.hpp"
#include "shim/line_splitter.hpp"
#include "shim/log_writer.hpp"
#include "shim/memory_watch.hpp"
#include "shim/pattern.hpp"
#include "shim/prober.hpp"
#include "shim/quiescence.hpp"
#include "shim/roster.hpp"
#include "wire/shim/protocol.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// The patterns of a launch document, compiled before the game is started, so that a wrong one is the starter's error.
struct Patterns {
    Pattern ready;
    Pattern confirm;
    Roster roster;
    static ShimResult<Patterns> compile(const wire::shim::Spec& spec);
};

// What becomes of the shim when the run is over: it ends with it, or stays for the next.
struct Afterwards {
    std::function<void()> acknowledged;   // A client has taken note of the exit.
    std::optional<Milliseconds> linger;   // How long that is waited for until the loop stops; absent: for ever.
    Milliseconds farewell{0};             // The same when somebody wants the shim to end.
    const std::set<pid_t>* helpers = nullptr;  // As in Game.
};

// Looks after one running game from its start to the end of its run: log, ready, players, commands, stop ladder, exit. Who may ask for what is
// the affair of others (shim/fence.hpp).
class Supervisor {
public:
    // `run_folder`, the document and the loop outlive it. The server must be listening and hand everything to this one.
    Supervisor(EventLoop& loop, const wire::shim::Spec& spec, int run_folder, LogWriter log, Patterns patterns, Afterwards afterwards);
    void attach(Game game, MemoryWatch memory, ControlServer& server);

    void on_request(ControlServer::ClientId client, const wire::shim::Request& request);
    void on_client_gone(ControlServer::ClientId client);
    // Without the epoch.
    wire::shim::Status status() const;
    bool is_over() const { return exit_.has_value(); }
    // The game itself, or one of its orphans.
    void on_child_ended(pid_t pid, int wait_status, std::uint64_t peak_bytes);
    // Somebody wants the shim to end: the game is stopped first, and nobody is waited for.
    void on_terminate();

private:
    using Phase = wire::shim::Phase;
    void type_command(ControlServer::ClientId client, const wire::shim::Request& request);
    void answer(ControlServer::ClientId client, std::uint32_t id, wire::shim::Outcome outcome, std::string text = {});

    void on_output();
    enum class Output : unsigned char { more, drained, closed };
    Output read_output();
    void on_line(std::string_view line);
    void note(const std::string& text);
    void flush_log();

    void check_ready();
    void probe_ready();
    void become_ready();
    void query_players();

    void begin_stop();
    void climb();
    void signal_when_silent(const wire::shim::Rung& rung, int delays_left);
    void kill_now();

    void on_game_ended(int wait_status, std::uint64_t process_peak_bytes);
    void record_exit();
    void changed();

    EventLoop& loop_;
    const wire::shim::Spec& spec_;
    int run_folder_;
    LogWriter log_;
    Afterwards afterwards_;
    Pattern ready_pattern_;
    Roster roster_;
    LineSplitter splitter_;
    Tail tail_;
    ControlServer* server_ = nullptr;
    Game game_;
    MemoryWatch memory_;
    std::unique_ptr<Console> console_;
    Pattern confirm_;
    std::optional<Quiescence> quiescence_;
    Prober ready_prober_;
    Prober players_prober_;
    Timer probe_timer_;
    Timer start_timer_;
    Timer players_timer_;
    Timer rung_timer_;
    Timer silence_timer_;
    Timer linger_timer_;

    Phase phase_ = Phase::starting;
    Time started_at_{};
    Milliseconds last_output_at_{};
    bool ready_line_seen_ = false;
    std::size_t next_rung_ = 0;
    Ending ending_;
    bool terminating_ = false;
    std::optional<wire::shim::Exit> exit_;
};

}  // namespace gk::shim
