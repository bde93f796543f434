#pragma once

#include <string>
#include <vector>

#include "programs/cli/commands.hpp"

namespace gk::programs {

// What doctor has looked at.
struct Finding {
    enum class Level : std::uint8_t { good, warning, wrong } level = Level::good;
    std::string what;
    std::string detail;
    std::string cure;  // What to do, best as a command; empty when there is nothing to do, or nobody can say.
};
using Findings = std::vector<Finding>;

// Prints them; an error when something is wrong.
Done report(const Output& output, const Findings& findings);

}  // namespace gk::programs
