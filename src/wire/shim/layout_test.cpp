#include "wire/shim/layout.hpp"

#include <limits>

#include <gtest/gtest.h>

namespace gk::wire::shim::layout {
namespace {

TEST(ShimLayout, NamesLogFilesByTheirFirstCursor) {
    EXPECT_EQ(log_file_name(4711), "00000000000000004711.log");
    for (const std::uint64_t base : {std::uint64_t{0}, std::uint64_t{4711}, std::numeric_limits<std::uint64_t>::max()}) {
        EXPECT_EQ(log_file_base(log_file_name(base)), base);
    }
}

TEST(ShimLayout, TakesNothingElseForALogFile) {
    for (const auto* name : {"", "1.log", "00000000000000004711.txt", "0000000000000000471x.log", "-0000000000000004711.log",
                             "99999999999999999999.log", "000000000000000004711.log"}) {
        EXPECT_FALSE(log_file_base(name)) << name;
    }
}

}  // namespace
}  // namespace gk::wire::shim::layout
