#include "domain/fleet/slots.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::fleet {
namespace {

TEST(Slots, TheLowestFreeOneGoesFirst) {
    Slots slots(100, 4);
    std::vector<Slots::Hold> holds;
    for (int i = 0; i < 3; ++i) holds.push_back(*slots.take());
    EXPECT_EQ(holds[2].slot(), 102U);
    {
        const auto moved = std::move(holds[0]);
        EXPECT_EQ(slots.take()->slot(), 103U);
    }
    EXPECT_EQ(slots.take()->slot(), 100U);
}

TEST(Slots, NothingIsGivenWhenAllAreTaken) {
    Slots slots(0, 2);
    const auto first = slots.take();
    const auto second = slots.take();
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(slots.take());
}

// After a restart.
TEST(Slots, WhatWasHeldBeforeIsNotGivenAgain) {
    Slots slots(100, 4);
    const auto high = slots.hold(102);
    const auto low = slots.hold(100);
    const auto outside = slots.hold(7);
    const auto first = slots.take();
    const auto second = slots.take();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->slot(), 101U);
    EXPECT_EQ(second->slot(), 103U);
    EXPECT_FALSE(slots.take());
}

}  // namespace
}  // namespace gk::fleet
