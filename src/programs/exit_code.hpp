#pragma once

namespace gk::programs {

// What the command line ends with; scripts rely on these (contract section 5).
enum ExitCode : int {
    exit_ok = 0,
    exit_failed = 1,
    exit_usage = 2,
    exit_not_found = 3,
    exit_refused = 4,
    exit_unreachable = 5,
    exit_timeout = 6,
};

}  // namespace gk::programs
