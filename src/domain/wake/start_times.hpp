#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"

namespace gk::wake {

// How long the last starts of a game with a package took, from the wake to the first relayed byte.
class StartTimes {
public:
    static constexpr std::size_t kept = 20;
    void add(Milliseconds took);
    // What `percent` of the starts did not exceed; nullopt before the first.
    std::optional<Milliseconds> percentile(int percent) const;

private:
    std::vector<Milliseconds> last_;  // In the order of time.
};

// For people: "a moment", "about 40 seconds", "about 3 minutes". Never less than it is.
std::string wait_text(Milliseconds wait);

}  // namespace gk::wake
