#include "wire/opening/proxy_header.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace gk::wire::opening {
namespace {

using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;

const auto signature = from_hex("0d0a0d0a000d0a515549540a");

Endpoint v4(std::uint8_t last, std::uint16_t port) {
    Endpoint out{.address = {}, .port = port};
    out.address = {std::byte{203}, std::byte{0}, std::byte{113}, std::byte{last}};
    return out;
}
const Proxied ann{.family = Family::v4, .transport = Transport::stream, .source = v4(7, 51234), .destination = v4(1, 25565), .authority = ""};

Result<ProxyHeader, HeaderTrouble> parse(std::string_view text) { return parse_proxy_header(as_byte_span(text)); }

TEST(ProxyHeader, ReadsTheFirstVersion) {
    const std::string_view text = "PROXY TCP4 203.0.113.7 203.0.113.1 51234 25565\r\n";
    const auto header = parse(std::string(text) + "game");
    ASSERT_TRUE(header);
    EXPECT_EQ(std::get<Proxied>(header->who), ann);
    EXPECT_EQ(header->size, text.size());
    EXPECT_EQ(proxy_header_v1(ann), text);
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(parse(text.substr(0, size)).error(), HeaderTrouble::incomplete) << size;
    EXPECT_TRUE(std::holds_alternative<Local>(parse("PROXY UNKNOWN\r\n")->who));
    EXPECT_TRUE(std::holds_alternative<Local>(parse("PROXY UNKNOWN a b c d\r\n")->who));
    const auto six = parse("PROXY TCP6 2001:db8::7 ::1 1 65535\r\n");
    ASSERT_TRUE(six);
    EXPECT_EQ(proxy_header_v1(std::get<Proxied>(six->who)), "PROXY TCP6 2001:db8::7 ::1 1 65535\r\n");
}

TEST(ProxyHeader, RefusesAMisbuiltFirstVersion) {
    for (const auto& text :
         {std::string("PROXY TCP4 203.0.113.7 203.0.113.1 51234\r\n"), std::string("PROXY TCP4 203.0.113.7 203.0.113.1 51234 65536\r\n"),
          std::string("PROXY TCP4 203.0.113.7 203.0.113.1 051 1\r\n"), std::string("PROXY TCP4 203.0.113.7 203.0.113.1 -1 1\r\n"),
          std::string("PROXY TCP4 ::1 203.0.113.1 1 1\r\n"), std::string("PROXY TCP6 203.0.113.7 ::1 1 1\r\n"),
          std::string("PROXY TCP5 203.0.113.7 203.0.113.1 1 1\r\n"), std::string("PROXY  TCP4 1.2.3.4 1.2.3.4 1 1\r\n"), std::string("PROXY \r\n"),
          std::string("PROXX"), std::string("GET /"), "PROXY TCP4 " + std::string(96, '1')}) {
        const auto header = parse(text);
        ASSERT_FALSE(header) << text;
        EXPECT_EQ(header.error(), HeaderTrouble::malformed) << text;
    }
}

TEST(ProxyHeader, ReadsTheSecondVersion) {
    const auto bytes = signature + from_hex("21 11 000c cb007107 cb007101 c822 63dd");
    EXPECT_EQ(proxy_header_v2(ann), bytes);
    const auto header = parse_proxy_header(bytes + bytes_of("game"));
    ASSERT_TRUE(header);
    EXPECT_EQ(std::get<Proxied>(header->who), ann);
    EXPECT_EQ(header->size, bytes.size());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_EQ(parse_proxy_header(ByteSpan(bytes).first(size)).error(), HeaderTrouble::incomplete) << size;
    }
}

TEST(ProxyHeader, ReadsWhatItWritesForDatagramsAndV6) {
    auto peer = ann;
    peer.transport = Transport::datagram;
    peer.authority = "castle.example.org";
    EXPECT_EQ(std::get<Proxied>(parse_proxy_header(proxy_header_v2(peer))->who), peer);
    peer.family = Family::v6;
    peer.source.address.fill(std::byte{0x20});
    EXPECT_EQ(std::get<Proxied>(parse_proxy_header(proxy_header_v2(peer))->who), peer);
    EXPECT_EQ(proxy_header_v2(peer)[13], std::byte{0x22});
}

TEST(ProxyHeader, WhoNamesNobodySpeaksForHimself) {
    const Bytes local[] = {signature + from_hex("20 00 0000"), signature + from_hex("20 11 000c cb007107 cb007101 c822 63dd"),
                           signature + from_hex("21 00 0003 040000"), signature + from_hex("21 31 00d8") + Bytes(216)};
    for (const auto& bytes : local) {
        const auto header = parse_proxy_header(bytes);
        ASSERT_TRUE(header);
        EXPECT_TRUE(std::holds_alternative<Local>(header->who));
        EXPECT_EQ(header->size, bytes.size());
    }
}

// The checksum was computed by another program (python3, CRC32C by a table).
TEST(ProxyHeader, ChecksItsChecksum) {
    const auto head = signature + from_hex("21 11 0013 cb007107 cb007101 c822 63dd 03 0004");
    EXPECT_TRUE(parse_proxy_header(head + from_hex("cdcf5dba")));
    EXPECT_FALSE(parse_proxy_header(head + from_hex("00000000")));
}

TEST(ProxyHeader, RefusesAMisbuiltSecondVersion) {
    const auto addresses = from_hex("cb007107 cb007101 c822 63dd");
    const Bytes bad[] = {signature + from_hex("11 11 000c") + addresses,                  // Version 1 in the second form.
                         signature + from_hex("22 11 000c") + addresses,                  // No such command.
                         signature + from_hex("21 11 000b") + addresses,                  // Too short for its addresses.
                         signature + from_hex("21 13 000c") + addresses,                  // No such transport.
                         signature + from_hex("21 41 000c") + addresses,                  // No such family.
                         signature + from_hex("21 21 000c") + addresses,                  // IPv6 in the room of IPv4.
                         signature + from_hex("21 11 1000"),                              // Above the bound.
                         signature + from_hex("21 11 000e") + addresses + from_hex("0400"),      // Half a TLV.
                         signature + from_hex("21 11 0010") + addresses + from_hex("04000200"),  // A TLV beyond the header.
                         signature + from_hex("21 11 0011") + addresses + from_hex("020002fffe"),
                         signature + from_hex("21 11 0011") + addresses + from_hex("0300020000")};
    for (std::size_t i = 0; i < std::size(bad); ++i) {
        const auto header = parse_proxy_header(bad[i]);
        ASSERT_FALSE(header) << i;
        EXPECT_EQ(header.error(), HeaderTrouble::malformed) << i;
    }
}

}  // namespace
}  // namespace gk::wire::opening
