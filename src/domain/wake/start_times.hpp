#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace gk::wake {

// What `percent` of the times did not exceed, by the nearest rank; nullopt of none.
std::optional<Milliseconds> percentile(std::vector<Milliseconds> times, int percent);

// For people: "a moment", "about 40 seconds", "about 3 minutes". Never less than it is.
std::string wait_text(Milliseconds wait);

}  // namespace gk::wake
