#pragma once

#include <map>
#include <set>
#include <string>
#include <sys/types.h>

#include "base/id.hpp"
#include "shim/control_server.hpp"

namespace gk::shim {

// Serves the files of the world (wire/files) on connections of their own, each in a process of its own: disks may be slow, and the game is
// looked after meanwhile. Where memory is short, the kernel takes these processes first.
class FileServices {
public:
    explicit FileServices(std::string world) : world_(std::move(world)) {}

    // Begins with the answer to request `id`. Errors: there are too many already, or no process can be had; then the connection is closed.
    ShimResult<Success> serve(ControlServer& server, ControlServer::ClientId client, std::uint32_t id, Epoch epoch);
    void on_child_ended(pid_t pid);
    // Those who were let in by a leader that has been replaced.
    void end_older_than(Epoch epoch);
    const std::set<pid_t>& processes() const { return processes_; }

private:
    std::string world_;
    std::map<pid_t, Epoch> epochs_;
    std::set<pid_t> processes_;
};

}  // namespace gk::shim
