#include "edge/reader.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"
#include "wire/query/a2s.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;
using wake::Intent;
using Bytes = std::vector<std::byte>;

const Endpoint player = *Endpoint::parse("203.0.113.7:50000");
const Endpoint other = *Endpoint::parse("203.0.113.7:50001");
const Face face{.title = "Castle", .map = "dm1", .game_type = "DM", .version = "1.0", .protocol = 71, .players_max = 8};
const auto magic = from_hex("00ffff00fefefefefdfdfdfd12345678");
const wire::probe::teeworlds::Token own{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

Bytes out_of_band(std::string_view text) { return from_hex("ffffffff") + bytes_of(text); }

Bytes teeworlds_connect(const std::array<std::byte, 4>& token) {
    auto datagram = wire::probe::teeworlds::token_request(own);
    std::ranges::copy(token, datagram.begin() + 3);
    datagram[7] = std::byte{1};
    return datagram;
}

struct Case {
    const char* what;
    GameProtocol protocol;
    Bytes datagram;
    Intent intent;
    bool answered = false;
    bool free = false;
};

TEST(Reader, TellsListsFromJoins) {
    const Tokens tokens;
    const auto ours = tokens.bytes_of(player);
    const auto ping = wire::probe::minetest::connect_packet();
    ByteWriter challenged;
    challenged.bytes(out_of_band("TSource Engine Query")).big_endian(std::uint8_t{0}).little_endian(tokens.of(player));
    const Case cases[] = {
        {"minetest: a list", GameProtocol::minetest, Bytes(ping.begin(), ping.end()), Intent::question},
        {"minetest: hello", GameProtocol::minetest, from_hex("4f45740300000003ffdc010000"), Intent::hello},
        {"minetest: a join", GameProtocol::minetest, from_hex("4f4574030000010100021d0000002500290003616e6e"), Intent::join},
        {"teeworlds: a token", GameProtocol::teeworlds, wire::probe::teeworlds::token_request(own), Intent::question, true, true},
        {"teeworlds: a list", GameProtocol::teeworlds, wire::probe::teeworlds::info_request(ours, own), Intent::question, true, true},
        {"teeworlds: a list with another token", GameProtocol::teeworlds, wire::probe::teeworlds::info_request(own, own), Intent::junk},
        {"teeworlds: a join", GameProtocol::teeworlds, teeworlds_connect(ours), Intent::join},
        {"teeworlds: a join with another token", GameProtocol::teeworlds, teeworlds_connect(own), Intent::junk},
        {"raknet: a list", GameProtocol::raknet, from_hex("010102030405060708") + magic + Bytes(8), Intent::question, true},
        {"raknet: a join", GameProtocol::raknet, from_hex("05") + magic + from_hex("0b") + Bytes(400), Intent::join},
        {"quake3: a list", GameProtocol::quake3, out_of_band("getinfo xyz"), Intent::question, true},
        {"quake3: all of it", GameProtocol::quake3, out_of_band("getstatus"), Intent::question, true},
        {"quake3: a join", GameProtocol::quake3, out_of_band("getchallenge 1 OpenArena"), Intent::join},
        {"quake3: a password is tried", GameProtocol::quake3, out_of_band("rcon x status"), Intent::junk},
        {"a2s: a question", GameProtocol::a2s, out_of_band("TSource Engine Query") + from_hex("00"), Intent::question, true, true},
        {"a2s: with its challenge", GameProtocol::a2s, challenged.view(), Intent::question, true, true},
        {"query: its beginning", GameProtocol::minecraft_query, from_hex("fefd0901020304"), Intent::question, true},
        {"query: with another token", GameProtocol::minecraft_query, from_hex("fefd000102030400000001"), Intent::junk},
        {"anything", GameProtocol::generic, from_hex("00"), Intent::join},
        {"nothing", GameProtocol::generic, {}, Intent::junk},
    };
    for (const auto& it : cases) {
        SCOPED_TRACE(it.what);
        const auto reading = read_datagram(it.protocol, it.datagram, player, face, tokens);
        EXPECT_EQ(reading.knock.intent, it.intent);
        EXPECT_EQ(!reading.answer.empty(), it.answered);
        EXPECT_EQ(reading.is_free, it.free);
        // The bound of the contract: who has proved nothing gets no more than he sent, unless a budget pays for it.
        if (!reading.knock.proved && reading.is_free) EXPECT_LE(reading.answer.size(), it.datagram.size());
    }
}

TEST(Reader, ProofsAreOfOneSourceOnly) {
    const Tokens tokens;
    const auto joined = read_datagram(GameProtocol::teeworlds, teeworlds_connect(tokens.bytes_of(player)), player, face, tokens);
    EXPECT_TRUE(joined.knock.proved);
    EXPECT_EQ(read_datagram(GameProtocol::teeworlds, teeworlds_connect(tokens.bytes_of(player)), other, face, tokens).knock.intent, Intent::junk);
    EXPECT_NE(tokens.of(player), Tokens().of(player)) << "a key of its own";
}

TEST(Reader, AThousandJunkPacketsGiveNoStart) {
    const Tokens tokens;
    for (const auto protocol : {GameProtocol::minetest, GameProtocol::teeworlds, GameProtocol::raknet, GameProtocol::quake3, GameProtocol::a2s,
                                GameProtocol::minecraft_query}) {
        wake::Doorman door({}, {}, 0ms);
        std::uint32_t state = 1;
        for (int i = 0; i < 1000; ++i) {
            Bytes junk(static_cast<std::size_t>(i * 7 % 600));
            // The beginning is often what scanners know of the protocol.
            const auto begin = i % 3 == 0 ? out_of_band("get") : i % 3 == 1 ? from_hex("4f457403") : from_hex("05") + magic;
            for (auto& byte : junk) byte = std::byte(static_cast<std::uint8_t>((state = state * 1664525 + 1013904223) >> 24));
            std::copy_n(begin.begin(), std::min(begin.size(), junk.size()), junk.begin());
            const auto reading = read_datagram(protocol, junk, player, face, tokens);
            EXPECT_FALSE(door.judge(reading.knock, player.address, {}, i * 250ms).wake) << name_of(protocol) << ' ' << i;
        }
    }
}

TEST(Reader, RefusesWithATextWhereThereIsOne) {
    const Tokens tokens;
    const auto text = refusal(GameProtocol::teeworlds, teeworlds_connect(tokens.bytes_of(player)), "Castle sleeps");
    EXPECT_EQ(text, from_hex("040000 01020304 04") + bytes_of("Castle sleeps") + from_hex("00"));
    EXPECT_TRUE(refusal(GameProtocol::minetest, from_hex("4f45740300000003ffdc010000"), "Castle sleeps").empty());
}

TEST(Endpoint, ReadsWhatItWrites) {
    for (const auto* text : {"203.0.113.7:1", "[::1]:65535", "[::]:0"}) EXPECT_EQ(Endpoint::parse(text)->text(), text);
    for (const auto* text : {"", "203.0.113.7", "203.0.113.7:", "203.0.113.7:65536", "203.0.113.7:1x", "::1:5", "[203.0.113.7]:1", "castle:1"}) {
        EXPECT_FALSE(Endpoint::parse(text)) << text;
    }
    for (const auto* text : {"203.0.113.7:1", "[2001:db8::1]:65535"}) {
        const auto endpoint = *Endpoint::parse(text);
        EXPECT_EQ(endpoint_of(kernel_address(endpoint, AF_INET6).storage), endpoint);
    }
    EXPECT_EQ(endpoint_of(kernel_address(player, AF_INET).storage), player);
}

}  // namespace
}  // namespace gk::edge
