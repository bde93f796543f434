#pragma once

#include "launcher/options.hpp"

namespace gk::launcher {

// The part of Gamekeeper that is root: it makes disks, sandboxes and rules for the control plane at the other end of `socket`, and trusts
// nothing that comes from there. Returns 0 at the end of that stream, which ends no game; 1, with a sentence on standard error, when it
// cannot begin. The process should have one thread and no open descriptors of anybody else's: it has when it was forked before all else.
//
// Each request is carried out by a process of its own, which dies with its request: so a disk that is being made or a backup that runs
// holds nothing up, and a mistake in one request is not there for the next. Requests that change the same server wait for one another.
int launcher_main(int socket, const Options& options);

}  // namespace gk::launcher
