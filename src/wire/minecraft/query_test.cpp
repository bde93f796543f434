#include "wire/minecraft/query.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace gk::wire::minecraft::query {
namespace {

using namespace std::string_view_literals;
using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;

TEST(MinecraftQuery, ReadsItsThreeRequestsAndNothingElse) {
    EXPECT_EQ(parse_request(from_hex("fefd 09 01020304")), Request(HandshakeRequest{0x01020304}));
    EXPECT_EQ(parse_request(from_hex("fefd 00 01020304 0091295b")), Request(StatRequest{0x01020304, 0x0091295b, false}));
    EXPECT_EQ(parse_request(from_hex("fefd 00 01020304 0091295b 00000000")), Request(StatRequest{0x01020304, 0x0091295b, true}));
    EXPECT_EQ(parse_request(from_hex("fefd 09 f1f2f3f4")), Request(HandshakeRequest{0x01020304})) << "as servers cut it";
    for (const auto* other : {"", "fe", "fefd", "fefd09", "fefd09010203", "fefd0901020304ff", "fefc0901020304", "fefd0a01020304", "fefd0001020304",
                              "fefd00010203040091295b00", "fefd00010203040091295b0000000000"}) {
        EXPECT_FALSE(parse_request(from_hex(other))) << other;
    }
}

TEST(MinecraftQuery, AnswersAsAServerWould) {
    EXPECT_EQ(handshake_reply(0x01020304, 9513307), from_hex("09 01020304") + bytes_of("9513307\0"sv));
    const Status status{.motd = "Sleeping", .version = "1.21", .players_max = 20, .port = 25565, .address = "203.0.113.7"};
    EXPECT_EQ(stat_reply({.session = 1, .token = 2, .full = false}, status), from_hex("00 00000001") +
                                                                                 bytes_of("Sleeping\0SMP\0world\0"
                                                                                          "0\0"
                                                                                          "20\0"sv) +
                                                                                 from_hex("dd63") + bytes_of("203.0.113.7\0"sv));
    const auto full = stat_reply({.session = 1, .token = 2, .full = true}, status);
    const auto text = as_text(full);
    EXPECT_TRUE(text.substr(5).starts_with("splitnum\0\x80\0hostname\0Sleeping\0"sv));
    EXPECT_TRUE(
        text.ends_with("hostip\0"
                       "203.0.113.7\0\0\x01player_\0\0\0"sv));
}

TEST(MinecraftQuery, ATextCannotShiftTheOthers) {
    const auto reply = stat_reply({.session = 1, .token = 2, .full = false}, {.motd = std::string("a\0b", 3), .version = "", .address = ""});
    EXPECT_TRUE(as_text(reply).substr(5).starts_with("ab\0SMP\0"sv));
}

}  // namespace
}  // namespace gk::wire::minecraft::query
