#pragma once

#include <string>
#include <vector>

#include "base/value.hpp"
#include "programs/load/options.hpp"
#include "programs/load/tally.hpp"

namespace gk::programs {

// One limit of a run, and whether it was kept.
struct LoadVerdict {
    std::string limit;    // As its flag is called, without dashes.
    std::string allowed;
    std::string seen;
    bool kept = false;
};
// Those that were asked for, the one on errors always. A limit on durations of which none was measured is not kept.
std::vector<LoadVerdict> load_verdicts(const Tally& tally, const LoadLimits& limits);

// For people, several lines.
std::string load_table(const Tally& tally, const std::vector<LoadVerdict>& verdicts, Milliseconds took);
// For programs.
Value load_document(const Tally& tally, const std::vector<LoadVerdict>& verdicts, Milliseconds took);
// One line while it runs, without its end.
std::string load_progress(const Tally& tally, std::size_t planned, Milliseconds took);

}  // namespace gk::programs
