#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/task.hpp"

namespace gk::kubernetes {

// Runs exec plug-ins. Whoever wires the programs together gives one, and with it decides which commands may be run at all.
class Programs {
public:
    struct Ended {
        int code = 0;
        std::string output;
        std::string errors;
    };
    virtual ~Programs() = default;
    // argv[0] is looked up in PATH when it has no slash; no shell. `env` comes on top of the environment of this process. The error is a sentence:
    // it could not be run, was not allowed, or did not end within the limit (it is ended then).
    virtual Task<Result<Ended, std::string>> run(std::vector<std::string> argv, std::vector<std::pair<std::string, std::string>> env,
                                                 Milliseconds limit) = 0;
};

}  // namespace gk::kubernetes
