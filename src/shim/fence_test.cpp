#include "shim/fence.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace gk::shim {
namespace {

using wire::shim::Op;
using wire::shim::Outcome;

wire::shim::Request asked(Op op, std::uint64_t epoch) { return {.id = 7, .epoch = Epoch{epoch}, .op = op, .text = {}}; }

TEST(Fence, RefusesWhatIsOlderThanTheHighestThatAsked) {
    Fence fence(Epoch{2});

    EXPECT_FALSE(fence.refusal_of(asked(Op::stop, 2)));
    EXPECT_FALSE(fence.refusal_of(asked(Op::hello, 5)));
    const auto refusal = fence.refusal_of(asked(Op::stop, 4));

    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->id, 7u);
    EXPECT_EQ(refusal->outcome, Outcome::stale);
    EXPECT_EQ(refusal->text, "epoch 4 has been replaced by 5");
    EXPECT_EQ(fence.epoch(), Epoch{5});
}

TEST(Fence, LetsOneWithoutAnEpochOnlyLook) {
    Fence fence(Epoch{2});

    for (const auto op : {Op::hello, Op::log, Op::log_start, Op::follow, Op::usage}) EXPECT_FALSE(fence.refusal_of(asked(op, 0))) << name_of(op);
    for (const auto op : {Op::stop, Op::kill, Op::command, Op::quiesce, Op::resume, Op::acknowledge, Op::run, Op::files, Op::tell}) {
        EXPECT_TRUE(fence.refusal_of(asked(op, 0))) << name_of(op);
    }
    EXPECT_EQ(fence.epoch(), Epoch{2});
}

TEST(Fence, FollowsAHigherEpochOnlyWhenItIsKept) {
    std::vector<Epoch> kept;
    bool works = false;
    Fence fence(Epoch{2}, [&](Epoch epoch) -> ShimResult<Success> {
        if (!works) return std::unexpected(ShimError{"no space"});
        kept.push_back(epoch);
        return Success{};
    });

    EXPECT_EQ(fence.refusal_of(asked(Op::hello, 3))->outcome, Outcome::unavailable);
    EXPECT_EQ(fence.epoch(), Epoch{2});
    works = true;
    EXPECT_FALSE(fence.refusal_of(asked(Op::hello, 3)));

    EXPECT_EQ(kept, std::vector<Epoch>{Epoch{3}});
}

}  // namespace
}  // namespace gk::shim
