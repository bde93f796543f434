#include "base/own_loopback.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(OwnLoopback, IsOneForEachSlot) {
    EXPECT_EQ(own_loopback(0), "127.71.0.0");
    EXPECT_EQ(own_loopback(258), "127.71.1.2");
    EXPECT_EQ(own_loopback(own_loopbacks_count - 1), "127.71.255.255");
    EXPECT_DEATH(own_loopback(own_loopbacks_count), "one address is not two games'");
}

}  // namespace
}  // namespace gk
