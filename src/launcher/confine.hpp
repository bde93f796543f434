#pragma once

#include "launcher/places.hpp"

// Programs of ours that work on a world: restic as the control plane's user, and the files server as the game's. Each sees a root made for
// it: read-only /usr, a bare /dev, one world, one more folder. No network. docs/adr says why it is safe to let them read a world.
namespace gk::launcher {

// Runs a program of the fixed list and waits for its end.
Outcome<wire::launcher::ProgramEnded> run_confined(const Options& options, const wire::launcher::RunConfined& order);
// Turns this process into the files server of the live world, which talks over `socket`. Returns only when that fails.
Failure become_files_server(const Options& options, ServerUid uid, int socket);

}  // namespace gk::launcher
