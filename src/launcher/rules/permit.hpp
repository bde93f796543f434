#pragma once

#include <string>
#include <vector>

#include "launcher/failure.hpp"
#include "launcher/options.hpp"

// What orders may say. Whoever has taken the control plane over can send any; nothing that is refused here is looked at with a right of root's.
namespace gk::launcher {

// Numbers in their ranges, paths and names that are what they are used as, programs that are known.
Outcome<Success> permit(const Options& options, const wire::launcher::Order& order);
// The whole environment of a confined program, whose home is `home`: what the order says, but nothing that leads its loader to other code.
std::vector<std::string> confined_environment(const wire::launcher::RunConfined& order, const std::string& home);

}  // namespace gk::launcher
