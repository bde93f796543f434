#include "adapters/restic/place.hpp"

#include <cstdio>

#include <gtest/gtest.h>

namespace gk::restic {
namespace {

TEST(Place, TurnsShareTheNamesWithoutGapOrOverlap) {
    Names names;
    for (int i = 0; i < 500; ++i) {
        char digits[9];
        std::snprintf(digits, sizeof digits, "%08x", static_cast<unsigned>(i) * 2654435761u);
        names.insert(digits + std::string(56, 'a'));
    }
    Names seen;
    for (std::uint64_t turn = 7; turn < 27; ++turn) {
        for (const auto& name : share_of(names, 5, turn)) EXPECT_TRUE(seen.insert(name).second) << name << " twice";
    }
    EXPECT_EQ(seen, names);
    EXPECT_EQ(share_of(names, 100, 3), names);
}

}  // namespace
}  // namespace gk::restic
