#include "domain/wake/reply_merge.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

using namespace std::chrono_literals;

struct ReplyMergeTest : testing::Test {
    // What the player hears when the leg says this word.
    bool says(std::size_t leg, std::string_view word, Instant now = 0ms) {
        return merge.hears(leg, std::hash<std::string_view>()(word), as_byte_span(word), now);
    }
    std::vector<std::string> after_loss(Instant now = 0ms) {
        std::vector<std::string> words;
        for (const auto& datagram : merge.lose_primary(now)) words.emplace_back(as_text(datagram));
        return words;
    }
    using Words = std::vector<std::string>;
    ReplyMerge merge{{.legs = std::vector<ReplyMerge::Leg>(3)}};
};

TEST_F(ReplyMergeTest, ThePlayerHearsThePrimaryOnly) {
    EXPECT_TRUE(says(0, "one"));
    EXPECT_FALSE(says(1, "one"));
    EXPECT_FALSE(says(2, "one"));
    EXPECT_FALSE(says(1, "two"));
    EXPECT_TRUE(says(0, "two"));
}

TEST_F(ReplyMergeTest, WhatTheNextOneSaidBeforeIsNotMissing) {
    EXPECT_TRUE(says(0, "one"));
    for (const auto* word : {"one", "two", "three"}) EXPECT_FALSE(says(1, word));
    EXPECT_EQ(after_loss(), (Words{"two", "three"}));
    EXPECT_TRUE(says(0, "four")) << "it is the primary now";
}

TEST_F(ReplyMergeTest, WhatTheNextOneSaysLateDoesNotComeTwice) {
    EXPECT_TRUE(says(0, "one"));
    EXPECT_TRUE(says(0, "two"));
    EXPECT_EQ(after_loss(), Words{});
    EXPECT_FALSE(says(0, "one"));
    EXPECT_FALSE(says(0, "two"));
    EXPECT_TRUE(says(0, "three"));
}

TEST_F(ReplyMergeTest, TwoThatAreEqualAreTwo) {
    EXPECT_TRUE(says(0, "tick"));
    EXPECT_TRUE(says(0, "tick"));
    EXPECT_FALSE(says(1, "tick"));
    EXPECT_EQ(after_loss(), Words{});
    EXPECT_FALSE(says(0, "tick")) << "the second one";
    EXPECT_TRUE(says(0, "tick")) << "a third one";
}

TEST_F(ReplyMergeTest, TheThirdGoesOnWhereTheSecondWasLost) {
    EXPECT_TRUE(says(0, "one"));
    for (const auto* word : {"one", "two", "three"}) EXPECT_FALSE(says(2, word));
    EXPECT_FALSE(says(1, "one"));
    EXPECT_FALSE(says(1, "two"));
    EXPECT_EQ(after_loss(), Words{"two"});
    EXPECT_EQ(after_loss(), Words{"three"});
}

TEST_F(ReplyMergeTest, AnotherOneIsLostWithoutATrace) {
    EXPECT_FALSE(says(1, "one"));
    merge.lose(1);
    EXPECT_FALSE(says(1, "two")) << "the third has moved up";
    EXPECT_EQ(after_loss(), Words{"two"});
}

TEST_F(ReplyMergeTest, WhatIsOldIsNotMatchedNorSaid) {
    EXPECT_TRUE(says(0, "one", 0ms));
    EXPECT_FALSE(says(1, "old", 0ms));
    EXPECT_EQ(after_loss(2'001ms), Words{});
    EXPECT_TRUE(says(0, "one", 2'001ms)) << "it means it anew";
}

TEST_F(ReplyMergeTest, KeepsNoMoreThanItsBounds) {
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(says(1, std::to_string(i)));
    EXPECT_EQ(merge.state().legs[1].kept.size(), 64U);
    const std::string large(7'500, 'x');
    for (char c = 'a'; c < 'e'; ++c) EXPECT_FALSE(says(2, large + c));
    EXPECT_EQ(merge.state().legs[2].kept.size(), 2U);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(says(0, "new " + std::to_string(i)));
    EXPECT_EQ(merge.state().legs[1].expected.size(), 256U);
}

TEST_F(ReplyMergeTest, APrimaryIsSilentWhenOthersSpeakAndItDoesNot) {
    EXPECT_TRUE(says(0, "one", 1'000ms));
    EXPECT_FALSE(merge.is_primary_silent(3'000ms)) << "so is everybody";
    EXPECT_FALSE(says(1, "two", 1'499ms));
    EXPECT_FALSE(merge.is_primary_silent(1'499ms));
    EXPECT_FALSE(says(1, "three", 1'500ms));
    EXPECT_TRUE(merge.is_primary_silent(1'500ms));
    EXPECT_EQ(after_loss(1'500ms), (Words{"two", "three"}));
    EXPECT_FALSE(merge.is_primary_silent(1'600ms));
}

}  // namespace
}  // namespace gk::wake
