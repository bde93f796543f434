#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "app/game_book.hpp"
#include "app/keeper/tenure.hpp"
#include "domain/server/record.hpp"
#include "domain/wake/idle.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Puts worlds to sleep that nobody plays (domain/wake/idle.hpp): tells those who may be in the game, then asks for a pause like anybody else. What
// is remembered of a world dies with the process: who comes after us waits the whole time anew.
class IdleWatch {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Runtime& runtime;
        Clock& clock;
        const GameBook& games;
        const Tenure& tenure;
    };
    // For servers of which nobody has said anything else.
    struct Usual {
        std::optional<Milliseconds> after;                // Where a player can wake them by knocking; absent: they do not sleep.
        Milliseconds notice = std::chrono::minutes(1);
    };
    // Carries the request further, as an operation. Must not fail for what is refused: it is asked again at the next round.
    using Pause = std::function<Task<void>(server::Record)>;
    // How many play at the edge; absent: it does not know. Empty: there is none.
    using Sessions = std::function<std::optional<int>(const server::Record&)>;

    // Who is busy with it without playing, as far as that is to keep it up. Empty: nobody is.
    using Kept = std::function<std::optional<wake::Awake>(const server::Record&)>;

    IdleWatch(Ports ports, Pause pause, Sessions sessions, Usual usual, Milliseconds interval, Kept kept = nullptr)
        : ports_(ports),
          pause_(std::move(pause)),
          sessions_(std::move(sessions)),
          usual_(usual),
          interval_(interval),
          kept_(std::move(kept)) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();
    // Why that server is awake and when it goes to sleep; nothing of one that was not running at the last look.
    std::optional<wake::Idle> of(ServerUid server) const;

private:
    wake::IdleRule rule_of(const server::Record& record) const;
    Task<void> look_at(server::Record record);
    Task<void> tell(server::Record record, wake::Idle idle);
    Task<void> announce(server::Record record, wake::Idle idle);
    void forget_others(const std::vector<server::Record>& records);

    Ports ports_;
    Pause pause_;
    Sessions sessions_;
    Usual usual_;
    Milliseconds interval_;
    Kept kept_;
    std::map<ServerUid, wake::Idle> known_;  // Of the servers that run.
};

}  // namespace gk::app
