#pragma once

#include <map>
#include <string>

#include "app/keeper/ports.hpp"
#include "domain/server/step.hpp"

namespace gk::app {

// Writes down what the keeper does: the steps of the operation that is worked on, and the events that others wait for. A step that is tried
// again goes on under its first entry, so that an operation that waits for days stays short.
class Journal {
public:
    Journal(const KeeperPorts& ports, Epoch epoch) : ports_(ports), epoch_(epoch) {}

    Task<Result<Success, Halt>> begin(server::Record record, server::Step step);
    Task<Result<Success, Halt>> end(server::Record record, server::Step step, server::Outcome outcome);
    // Appends the events that tell the difference between two stored versions of a record.
    Task<Result<Success, Halt>> tell(server::Record before, server::Record after, server::Step step);
    // The phase of a record that this keeper has just read: told when somebody else, a request, changed it.
    Task<Result<Success, Halt>> notice(server::Record record);
    void forget(ServerUid uid) { told_.erase(uid); }

private:
    Task<Result<Success, Halt>> append(const server::Record& record, std::string type, Value data);

    KeeperPorts ports_;
    Epoch epoch_;
    std::map<ServerUid, server::Phase> told_;
};

}  // namespace gk::app
