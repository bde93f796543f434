#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <sys/types.h>

#include "base/id.hpp"
#include "shim/control_server.hpp"
#include "shim/conversation.hpp"

namespace gk::shim {

// What a pod's shim does for its clients on connections of their own, each in a process of its own: disks may be slow, programs run for hours, and
// the game is looked after meanwhile.
class Services {
public:
    struct Request {
        ControlServer::ClientId client = 0;
        std::uint32_t id = 0;
        Epoch epoch{};
    };
    // Each begins with the answer to the request. Errors: there are too many already, or no process can be had.

    // The files below `folder` (wire/files).
    ShimResult<Success> serve_files(ControlServer& server, const Request& request, std::string folder);
    // Takes what the game is made of into `folder` (wire/shim/game_files.hpp).
    ShimResult<Success> serve_game_files(ControlServer& server, const Request& request, std::string folder);
    // One program (wire/shim/program.hpp), alone in this pod.
    ShimResult<Success> serve_program(ControlServer& server, const Request& request, std::string cgroup_root);

    void on_child_ended(pid_t pid);
    // Those who were let in by a leader that has been replaced.
    void end_older_than(Epoch epoch);
    // Asks the program to end, if one runs: true.
    bool end_program() const;
    bool has_program() const;
    const std::set<pid_t>& processes() const { return processes_; }

private:
    enum class Kind : std::uint8_t { files, game_files, program };
    struct Service {
        Kind kind;
        Epoch epoch;
    };
    using Serve = std::function<void(ControlServer::Connection, const wire::shim::Answer&)>;
    ShimResult<Success> start(ControlServer& server, const Request& request, Kind kind, const Serve& serve);

    std::map<pid_t, Service> services_;
    std::set<pid_t> processes_;
};

}  // namespace gk::shim
