#pragma once

#include <map>
#include <vector>

#include "app/keeper/ports.hpp"

namespace gk::app {

// Looks for what belongs to nobody: things in the runtime without a record, operations that no record works on. Removes only what the ledger
// knows to be deleted; a world that nobody remembers is reported and left alone, because the likeliest cause is a database that was lost. Match
// servers are looked after by whoever makes matches.
class Orphans {
public:
    Orphans(const KeeperPorts& ports, const KeeperLimits& limits, Epoch epoch)
        : ports_(ports),
          limits_(limits),
          epoch_(epoch),
          began_(ports.clock.now()) {}

    // `records` is what the store has just answered in full.
    Task<Result<Success, Halt>> sweep(std::vector<server::Record> records);

private:
    Task<Result<Success, Halt>> sweep_runtime(const std::vector<server::Record>& records);
    Task<Result<Success, Halt>> sweep_ports(const std::vector<server::Record>& records);
    Task<Result<Success, Halt>> sweep_operations(const std::vector<server::Record>& records);
    Task<Result<bool, Halt>> was_deleted(ServerUid uid);
    Task<Result<Success, Halt>> remove(ServerUid uid);
    Task<Result<Success, Halt>> report(ServerUid uid);

    KeeperPorts ports_;
    KeeperLimits limits_;
    Epoch epoch_;
    Time began_;
    struct Sighting {
        Time since{};
        bool reported = false;
    };
    std::map<ServerUid, Sighting> seen_;
    std::map<ServerUid, Time> idle_ports_;  // Of whom nothing else is known, since when.
};

}  // namespace gk::app
