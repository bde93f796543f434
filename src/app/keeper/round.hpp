#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/keeper/hands.hpp"
#include "app/keeper/journal.hpp"
#include "app/keeper/ports.hpp"
#include "async/signal.hpp"

namespace gk::app {

// What one look at a server led to.
struct RoundEnd {
    enum class Kind : std::uint8_t {
        again,    // A step was made: look again at once.
        idle,     // Nothing to do until something is heard, or until `wake_at`.
        gone,     // There is no such server any more.
        trouble,  // A store or the runtime did not answer; nothing was decided.
        fenced,   // A newer keeper is at work.
    };
    Kind kind = Kind::idle;
    std::optional<Time> wake_at;
    std::string detail;
};

// Reads, observes, plans, carries out one step, folds its outcome into the record, stores it. Keeps nothing between two rounds but who has been
// told of a move, so that a crash between any two awaits loses nothing either. With KeeperLimits::share_writes it goes on while the next step may
// run ahead of the record, and stores what has come of all of them at once: never an effect before the record that it rests on. A game that is
// ready in a moment is then stored as running at once.
class Round {
public:
    Round(const KeeperPorts& ports, const KeeperLimits& limits, Hands& hands, Journal& journal)
        : ports_(ports),
          limits_(limits),
          hands_(hands),
          journal_(journal) {}

    Task<RoundEnd> run(ServerUid uid);
    // Something happened to the server, to whose game a round may be listening.
    void heard(ServerUid uid);
    // What would be done next, without doing it: for explain().
    Task<Result<server::Plan, Halt>> look(server::Record record);

private:
    Task<Result<server::Facts, Halt>> facts(const server::Record& record);
    struct Change {
        server::Record before;
        server::Record after;
        server::Step step;
    };
    // What is not stored yet.
    struct Draft {
        server::Record stored;
        server::Record record;
        std::vector<Change> changes;
    };
    Task<RoundEnd> work(Draft draft);
    // While it lives, heard() is listened to for that server.
    class Listening;
    // False: it takes its time, or somebody wants something of the server.
    Task<bool> may_get_ready(const Draft& draft);
    // The record as it is after that step.
    Task<Result<server::Record, Halt>> make(server::Record record, server::Step step);
    void note_told(ServerUid uid, bool it_leaves, bool is_heard);
    Task<RoundEnd> store(Draft draft);

    KeeperPorts ports_;
    KeeperLimits limits_;
    Hands& hands_;
    Journal& journal_;
    std::map<ServerUid, async::Signal> news_;
    std::map<ServerUid, Time> told_;  // Whose players know of a move, and since when.
};

}  // namespace gk::app
