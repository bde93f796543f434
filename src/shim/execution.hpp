#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "shim/system.hpp"
#include "wire/shim/spec.hpp"

namespace gk::shim {

// The standard streams that a program is given.
struct ProgramEnds {
    Descriptor input;
    Descriptor output;
    Descriptor errors;  // None: the same as its output.
};

struct Execution {
    std::vector<std::string> argv;
    std::vector<std::string> env;  // "NAME=text".
    std::string working_directory = "/";
    const wire::shim::Program* limits = nullptr;     // Its limits on files and memory; none: nothing is limited.
    const wire::shim::Identity* identity = nullptr;  // Whom it becomes.
    bool own_session = false;
    bool dies_with_parent = false;
};

// Starts a program as a child and returns when it has been executed. What cannot be executed is an error with its cause.
ShimResult<pid_t> execute(Execution what, const ProgramEnds& ends);

}  // namespace gk::shim
