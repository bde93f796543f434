#include "base/text.hpp"

#include <array>

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(Text, SplitKeepsEmptyParts) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Text, TrimmedTakesBlanksFromBothSides) {
    EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
    EXPECT_EQ(trimmed(" \n"), "");
}

TEST(Text, Utf8RefusesOverlongSurrogateAndTruncated) {
    EXPECT_TRUE(is_utf8("gr\xC3\xBC\xC3\x9F \xF0\x9F\x8E\xAE"));
    for (const char* text : {"\x80", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "\xFF"}) EXPECT_FALSE(is_utf8(text));
}

TEST(Text, NearestFindsATypoAndNothingElse) {
    constexpr std::array<std::string_view, 3> words = {"minetest", "teeworlds", "settings"};

    EXPECT_EQ(nearest("minetset", words), "minetest");
    EXPECT_EQ(nearest("seting", words), "settings");
    EXPECT_EQ(nearest("quake", words), "");
}

TEST(Text, SizesReadWell) {
    EXPECT_EQ(size_text(7), "7 B");
    EXPECT_EQ(size_text(1536), "1.5 KiB");
    EXPECT_EQ(size_text(5ull << 30), "5 GiB");
}

}  // namespace
}  // namespace gk
