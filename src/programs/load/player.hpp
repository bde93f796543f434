#pragma once

#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "ports/clock.hpp"
#include "ports/task.hpp"
#include "programs/load/front.hpp"
#include "programs/load/options.hpp"
#include "programs/load/tally.hpp"

namespace gk::programs {

// What all players of a run share.
struct LoadRun {
    const LoadOptions& options;
    boost::asio::any_io_executor executor;
    Clock& clock;
    Front& front;
    Tally& tally;
};

// One life cycle: join, wait for the match, connect to its server, ask for it, play until it is over, end it. Goes into the tally, also when the
// task is cancelled.
Task<void> live_once(LoadRun run, std::string player);

}  // namespace gk::programs
