#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gk::sim {

// Whether one of the seeds from 1 on has `rule` complain of a planted defect. `complaint` runs a seed, and returns what it complains of: "I7: ..." or
// nothing.
template <class Complaint>
testing::AssertionResult is_found(std::string_view plant, std::string_view rule, std::uint64_t seeds_max, Complaint complaint) {
    std::set<std::string> others;
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        const std::string found = complaint(seed);
        if (found.starts_with(std::string(rule) + ":")) return testing::AssertionSuccess();
        if (!found.empty()) others.insert(found);
    }
    return testing::AssertionFailure() << "rule " << rule << " did not complain of '" << plant << "' in " << seeds_max
                                       << " seeds; what was heard: " << testing::PrintToString(others);
}

}  // namespace gk::sim
