#pragma once

#include "launcher/cgroup.hpp"
#include "launcher/options.hpp"
#include "wire/launcher/messages.hpp"

namespace gk::launcher {

// Carries it out, in a process of its own. Not for Cancel and OpenFiles.
wire::launcher::Outcome carry_out(const Options& options, const Cgroup& cgroup, const wire::launcher::Order& order);

}  // namespace gk::launcher
