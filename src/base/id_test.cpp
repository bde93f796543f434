#include "base/id.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(Uuid, TextRoundTrips) {
    const auto bits = uuid_from_random({0xff, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});

    const auto text = uuid_text(bits);

    EXPECT_EQ(text, "ff010203-0405-4607-8809-0a0b0c0d0e0f");
    EXPECT_EQ(parse_uuid(text), bits);
}

TEST(Uuid, EveryPrefixAndStrayCharacterIsRefused) {
    const std::string text = "ff010203-0405-4607-8809-0a0b0c0d0e0f";

    for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(parse_uuid(text.substr(0, n)));
    for (std::size_t n = 0; n < text.size(); ++n) {
        auto broken = text;
        broken[n] = 'x';
        EXPECT_FALSE(parse_uuid(broken)) << broken;
    }
}

}  // namespace
}  // namespace gk
