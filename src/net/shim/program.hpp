#pragma once

#include "net/shim/remote_shim.hpp"
#include "ports/clock.hpp"
#include "ports/workbench.hpp"
#include "wire/shim/program.hpp"

namespace gk::net::shim {

struct ProgramLimits {
    Time open_by{};  // Until then a shim that does not answer yet is asked again: its container has only just been started.
    Milliseconds run{};
    std::size_t output_max = 0;  // More ends the program.
    std::size_t errors_kept = 0;  // Of the end.
};

// Runs one program in a pod, and returns when it has ended. Whatever ends this call before (a cancelled task, a lost connection, this process's own
// end) ends the program too: a run is never found again, it is begun anew. `refused`: the shim has seen a newer epoch. `invalid`: it cannot be
// started like this. `exhausted`: its output or its memory was too large.
Workbench::Answer<Workbench::Ended> run_program(Clock& clock, RemoteShim shim, Epoch epoch, wire::shim::ProgramOrder order, ProgramLimits limits);

}  // namespace gk::net::shim
