#pragma once

#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "ports/clock.hpp"
#include "ports/workbench.hpp"

namespace gk::process {

// What a new process of ours gets. Other descriptors than the ones named here are closed in it.
struct Start {
    std::string program;  // Absolute.
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;  // All of it.
    std::string directory;
    int input = -1;  // -1: /dev/null, also below.
    int output = -1;
    int errors = -1;
    int third = -1;  // Becomes descriptor 3.
    bool own_session = false;
};
// In a process group of its own.
Result<pid_t, RuntimeError> start(const Start& how);

// Runs a program to its end and collects what it writes, as Workbench::run() promises. Ends it, with its process group, when the task
// is cancelled or the time is over.
Task<Result<Workbench::Ended, RuntimeError>> run_to_end(Clock& clock, Start how, std::string input, Milliseconds time_limit);

// Collects the exits of children that nobody waits for, so that they do not stay as zombies. They are not ended with it.
class Reaper {
public:
    explicit Reaper(boost::asio::any_io_executor executor);
    ~Reaper();
    Reaper(const Reaper&) = delete;
    Reaper& operator=(const Reaper&) = delete;
    void take(pid_t child);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace gk::process
