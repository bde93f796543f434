#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(Bytes, NumbersRoundTripInBothOrders) {
    ByteWriter out;
    out.big_endian<std::uint32_t>(0x01020304).little_endian<std::uint16_t>(0x0506).text("ab").big_endian<std::uint8_t>(0);
    const auto bytes = out.take();

    ByteReader in(bytes);

    EXPECT_EQ(bytes.front(), std::byte{1});
    EXPECT_EQ(in.big_endian<std::uint32_t>(), 0x01020304u);
    EXPECT_EQ(in.little_endian<std::uint16_t>(), 0x0506);
    EXPECT_EQ(in.c_string(), "ab");
    EXPECT_TRUE(in.empty());
}

TEST(Bytes, AShortReadYieldsNothingAndDoesNotMove) {
    const auto bytes = std::vector<std::byte>(3);
    ByteReader in(bytes);

    EXPECT_FALSE(in.big_endian<std::uint32_t>());
    EXPECT_FALSE(in.bytes(4));
    EXPECT_EQ(in.remaining(), 3u);
}

TEST(Bytes, AStringWithoutItsEndIsNotRead) {
    ByteReader in(as_byte_span("abc"));

    EXPECT_FALSE(in.c_string());
    EXPECT_EQ(in.remaining(), 3u);
}

}  // namespace
}  // namespace gk
