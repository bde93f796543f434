#include "domain/wake/ban.hpp"

#include <gtest/gtest.h>

namespace gk::wake {
namespace {

const Time now = *parse_rfc3339("2026-11-22T12:00:00Z");
Ban ban(std::string_view block, std::optional<Time> until = std::nullopt) { return {.block = *Block::parse(block), .until = until}; }
Address at(std::string_view text) { return *Address::parse(text); }

TEST(Bans, HitAddressesAndBlocksOfBothFamilies) {
    const std::vector bans = {ban("203.0.113.7"), ban("198.51.100.0/24"), ban("2001:db8:1::/48")};

    for (const auto* hit : {"203.0.113.7", "198.51.100.200", "::ffff:203.0.113.7", "2001:db8:1:2::3"}) {
        EXPECT_TRUE(is_banned(bans, at(hit), now)) << hit;
    }
    for (const auto* free : {"203.0.113.8", "198.51.101.1", "2001:db8:2::1", "::"}) EXPECT_FALSE(is_banned(bans, at(free), now)) << free;
}

TEST(Bans, EndByThemselves) {
    const std::vector bans = {ban("203.0.113.7", now)};
    EXPECT_TRUE(is_banned(bans, at("203.0.113.7"), now - Milliseconds(1)));
    EXPECT_FALSE(is_banned(bans, at("203.0.113.7"), now));
}

TEST(Bans, TheNewerOneOfABlockCounts) {
    std::vector<Ban> bans;
    add(bans, ban("203.0.113.7", now));
    add(bans, ban("203.0.113.7"));
    EXPECT_EQ(bans, std::vector{ban("203.0.113.7")});

    EXPECT_FALSE(lift(bans, *Block::parse("203.0.113.0/24"))) << "another block";
    EXPECT_TRUE(lift(bans, *Block::parse("203.0.113.7/32"))) << "one address is a block, too";
    EXPECT_TRUE(bans.empty());
}

TEST(Bans, AreReadBackAsTheyWereWritten) {
    const std::vector bans = {ban("203.0.113.0/24", now), ban("2001:db8::1")};
    Errors errors;
    std::vector<Ban> read;
    ASSERT_TRUE(decode(document_of(bans), "", errors, read));
    EXPECT_EQ(read, bans);
}

TEST(Bans, SayWhatIsNoAddress) {
    Errors errors;
    std::vector<Ban> read;
    const Value document(Value::Array{Value::object({{"address", "203.0.113.7/24"}})});
    EXPECT_FALSE(decode(document, "/bans", errors, read));
    EXPECT_EQ(errors.list().front().pointer, "/bans/0/address");
}

TEST(StandIn, IsTheSameForOneNetworkAndNobodysAddress) {
    const auto first = stand_in(at("2001:db8:1:2::3"));
    EXPECT_EQ(first, stand_in(at("2001:db8:1:2:ffff::4"))) << "he may change the rest as he likes";
    EXPECT_NE(first, stand_in(at("2001:db8:1:3::3")));
    EXPECT_TRUE(first.is_v4());
    for (int i = 0; i < 10'000; ++i) {
        const auto one = stand_in(at(fmt::format("2001:db8:{:x}::1", i)));
        ASSERT_TRUE(Block::parse("240.0.0.0/4")->contains(one)) << one.text();
        ASSERT_FALSE(Block::parse("255.0.0.0/8")->contains(one)) << one.text();
    }
}

}  // namespace
}  // namespace gk::wake
