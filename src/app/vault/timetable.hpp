#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/server/record.hpp"
#include "domain/vault/snapshot.hpp"
#include "ports/runtime.hpp"

namespace gk::app {

// What the clock asks of a server, as opposed to a person.
struct Due {
    ServerUid server;
    server::Schedule::Action action = server::Schedule::Action::backup;
    std::string command;  // For Action::command.
    bool operator==(const Due&) const = default;
};

// Fires the record's schedules: those whose time has come since they last fired are returned and marked as fired at `calendar`, so that each
// fires once, however many of its times went by. One that has never been looked at is only marked: a schedule that is new does not fire for
// its past. Backups of a world that has not changed, and restarts and commands of a game that does not run, are passed over.
// `changed` says whether the record must be stored before anything is done.
struct Firing {
    std::vector<Due> due;
    bool changed = false;
};
Firing fire_schedules(server::Record& record, Time calendar);

// Since when nobody has been seen in a running game. A count that is not known is not "nobody".
class Quiet {
public:
    void saw(ServerUid server, const std::optional<int>& players_online, Time now);
    void forget(ServerUid server) { since_.erase(server); }
    // True when we have watched the server all the time since `then` and nobody was on.
    bool all_since(ServerUid server, Time then) const;

private:
    std::map<ServerUid, Time> since_;
};

// Whether the hourly backup of a running server is due. It counts from the start of the game or the newest snapshot, whatever became of it:
// a vault that fails is tried at the next interval and not all the time.
bool is_backup_due(const server::Record& record, std::span<const vault::Snapshot> newest_first, const Quiet& quiet, Milliseconds every, Time now);

}  // namespace gk::app
