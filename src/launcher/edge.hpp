#pragma once

#include "launcher/failure.hpp"
#include "launcher/options.hpp"

namespace gk::launcher {

// Carries out StartEdge. The failure quotes how it ended, when it did not come so far as to relay.
Outcome<Success> start_edge(const Options& options, const wire::launcher::StartEdge& order);

}  // namespace gk::launcher
