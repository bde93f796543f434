#pragma once

#include <optional>
#include <string>

#include "async/task_group.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "programs/load/options.hpp"
#include "programs/load/tally.hpp"
#include "tls/context.hpp"

namespace gk::programs {

// Runs all life cycles and returns what happened. Cancelling the task ends those under way, which count as failed; the tally is filled all the same.
Task<void> run_load(const LoadOptions& options, Clock& clock, Random& random, std::optional<tls::Context> secured, Tally& tally);

// How a run is shown, and whom to trust.
struct LoadView {
    bool json = false;
    std::string authorities;  // PEM file; empty: those that this machine trusts.
};
// `gamekeeper load`. Returns the exit status: 0 when every limit was kept.
int load_main(const LoadWish& wish, const LoadView& view);

}  // namespace gk::programs
