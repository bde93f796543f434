#include "app/edge/bans.hpp"

#include <gtest/gtest.h>

#include "async/manual_clock.hpp"

namespace gk::app {
namespace {

// On a disk that can be full.
struct Kept final : BanStore {
    Result<std::vector<wake::Ban>, std::string> load() override { return bans; }
    Result<Success, std::string> save(const std::vector<wake::Ban>& now) override {
        if (is_full) return std::unexpected(std::string("no space left on device"));
        bans = now;
        return Success{};
    }
    std::vector<wake::Ban> bans;
    bool is_full = false;
};

const auto one = *wake::Block::parse("203.0.113.7");
const auto many = *wake::Block::parse("198.51.100.0/24");

struct BansTest : testing::Test {
    async::ManualClock clock;
    Kept kept;
    Bans bans{kept, clock};
};

TEST_F(BansTest, AreKeptBeforeAnybodyIsTold) {
    std::size_t kept_when_told = 0;
    bans.on_change([&] { kept_when_told = kept.bans.size(); });

    ASSERT_TRUE(bans.ban(one, std::nullopt));

    EXPECT_EQ(kept_when_told, 1u);
    EXPECT_EQ(Bans(kept, clock).all()->size(), 1u) << "the next control plane";
}

TEST_F(BansTest, OfAnotherControlPlaneWithTheSameStoreCount) {
    EXPECT_TRUE(bans.all()->empty());

    ASSERT_TRUE(Bans(kept, clock).ban(one, std::nullopt));

    EXPECT_EQ(bans.all()->size(), 1u);
    ASSERT_TRUE(bans.ban(many, std::nullopt));
    EXPECT_EQ(kept.bans.size(), 2u) << "theirs is not written over";
}

TEST_F(BansTest, EndWhenTheirTimeIsOver) {
    ASSERT_TRUE(bans.ban(one, Milliseconds(1000)));
    ASSERT_TRUE(bans.ban(many, std::nullopt));

    clock.advance(Milliseconds(1000));

    ASSERT_EQ(bans.all()->size(), 1u);
    EXPECT_EQ(bans.all()->front().block, many);
}

TEST_F(BansTest, ThatAreNotKeptAreNotMade) {
    ASSERT_TRUE(bans.ban(one, std::nullopt));
    kept.is_full = true;
    bool told = false;
    bans.on_change([&] { told = true; });

    EXPECT_EQ(bans.ban(many, std::nullopt).error().kind, Error::Kind::unavailable);
    EXPECT_EQ(bans.lift(one).error().kind, Error::Kind::unavailable);

    EXPECT_EQ(bans.all()->size(), 1u);
    EXPECT_FALSE(told);
}

TEST_F(BansTest, OfAnotherBlockAreNotLifted) {
    ASSERT_TRUE(bans.ban(one, std::nullopt));
    EXPECT_EQ(bans.lift(many).error().kind, Error::Kind::not_found);
    EXPECT_TRUE(bans.lift(one));
    EXPECT_TRUE(bans.all()->empty());
}

TEST_F(BansTest, AreNotWithoutEnd) {
    for (std::size_t i = 0; i < Bans::bans_max; ++i) {
        ASSERT_TRUE(bans.ban(*wake::Block::parse(fmt::format("10.0.{}.{}", i / 256, i % 256)), std::nullopt)) << i;
    }
    EXPECT_EQ(bans.ban(one, std::nullopt).error().code, "too_many_bans");
    EXPECT_TRUE(bans.ban(*wake::Block::parse("10.0.0.0"), Milliseconds(5))) << "takes the place of one";
}

}  // namespace
}  // namespace gk::app
