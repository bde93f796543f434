#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "app/keeper/hands.hpp"
#include "app/keeper/journal.hpp"
#include "app/keeper/orphans.hpp"
#include "app/keeper/ports.hpp"
#include "app/keeper/round.hpp"
#include "app/keeper/tenure.hpp"
#include "async/signal.hpp"
#include "async/task_group.hpp"

namespace gk::app {

// Makes reality follow the records: the reconciler. It is level-triggered. Whatever it hears (a record changed, a game ended, a deadline came)
// only wakes it; what to do is decided from what is read and observed then (domain/server/plan.hpp). So a wake-up that is lost, doubled or late
// costs time at most, never correctness, and a periodic look at every server finds what nobody said.
//
// At most one worker per server, at most `workers_max` in all. A worker repeats rounds until there is nothing to do, then the server
// sleeps until its deadline or the next wake-up. Deadlines are kept in memory only: after a restart the first sweep finds them again.
class Keeper {
public:
    Keeper(KeeperPorts ports, KeeperLimits limits);
    ~Keeper();

    // Takes the next epoch and works until a newer keeper is found to be at work (returns why) or the task is cancelled (throws).
    Task<std::string> run();

    // Under which commands are sent, from when it has taken over on.
    Tenure& tenure() { return tenure_; }
    // Whether no server is being worked on.
    bool is_idle() const { return busy_ == 0; }
    // Have a look at this server now.
    void wake(ServerUid uid);
    // What would be done next for this record: an empty step is "nothing". For explain.
    Task<Result<server::Plan, Halt>> look(server::Record record);

private:
    struct Entry {
        bool due = true;
        bool busy = false;
        std::optional<Time> wake_at;
        std::uint32_t troubles = 0;  // In a row.
    };
    struct Work;  // What lives as long as one epoch.

    Task<Result<Epoch, Halt>> take_over();
    Task<void> work(async::TaskGroup& workers);
    void start_due(async::TaskGroup& workers);
    Task<void> tend(ServerUid uid);
    void settle(ServerUid uid, const RoundEnd& end);
    void note_first_look(ServerUid uid);
    Task<void> sweep();
    void stop(std::string why);
    Time next_deadline() const;
    Task<void> wait_for_work();

    KeeperPorts ports_;
    KeeperLimits limits_;
    std::unique_ptr<Work> work_;
    std::map<ServerUid, Entry> entries_;
    std::size_t busy_ = 0;
    async::Signal changed_;
    Time began_{};
    std::set<ServerUid> unseen_;  // Since then.
    Time next_sweep_{};
    std::optional<std::string> stopped_;
    Tenure tenure_;
};

}  // namespace gk::app
