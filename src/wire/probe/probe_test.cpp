#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/probe/econ.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::wire::probe {
namespace {

using namespace std::string_view_literals;
using gk::test::from_hex;

// Answers of minetestserver 5.6.1 and teeworlds-server 0.7.5.
const auto minetest_answer = from_hex("4f45740300010003ffdc00010003");
const auto teeworlds_token = from_hex("0400001122334405663d97e6");
const auto teeworlds_info = from_hex("2111223344663d97e6ffffffff696e663305302e372e3500746f79746573740000646d3100444d0000010008000c");
const teeworlds::Token own{std::byte{0x11}, std::byte{0x22}, std::byte{0x33}, std::byte{0x44}};
const teeworlds::Token servers{std::byte{0x66}, std::byte{0x3d}, std::byte{0x97}, std::byte{0xe6}};

TEST(MinetestProbe, SpeaksAsTheRealPeersDo) {
    EXPECT_TRUE(std::ranges::equal(minetest::connect_packet(), from_hex("4f45740300000000")));
    EXPECT_EQ(minetest::parse_peer_id(minetest_answer), 3);
    EXPECT_TRUE(std::ranges::equal(minetest::goodbye_packet(3), from_hex("4f457403000300"
                                                                         "0003")));
}

TEST(MinetestProbe, RefusesEveryPrefixAndOtherDatagrams) {
    for (std::size_t size = 0; size < minetest_answer.size(); ++size) {
        EXPECT_FALSE(minetest::parse_peer_id(ByteSpan(minetest_answer).first(size))) << size;
    }
    EXPECT_FALSE(minetest::parse_peer_id(from_hex("4f4574030001000000ffdc")));          // An acknowledgement.
    EXPECT_FALSE(minetest::parse_peer_id(from_hex("4f45740300010003ffdc0001000300")));  // Longer.
}

// Captured from the client of minetest 5.6.1 with the name ann.
TEST(MinetestRequest, IsToldApartAsTheRealClientSendsIt) {
    const auto introduction = from_hex("4f4574030000010100021d0000002500290003616e6e");

    EXPECT_TRUE(std::holds_alternative<minetest::Ping>(*minetest::parse_request(minetest::connect_packet())));
    EXPECT_TRUE(std::holds_alternative<minetest::Hello>(*minetest::parse_request(from_hex("4f45740300000003ffdc010000"))));
    EXPECT_EQ(std::get<minetest::Introduction>(*minetest::parse_request(introduction)).name, "ann");
    for (std::size_t size = 9; size < introduction.size(); ++size) {
        EXPECT_FALSE(minetest::parse_request(ByteSpan(introduction).first(size))) << size;
    }
}

TEST(MinetestRequest, IsNothingElse) {
    for (const auto* other : {"4f45740300030003ffdc010000",                            // From a peer with an id.
                              "4f45740400000003ffdc010000",                            // Another protocol.
                              "4f45740300000303ffdc010000",                            // No such channel.
                              "4f45740300000003ffdd0002",                              // A reliable ping.
                              "4f4574030000000003",                                    // A goodbye.
                              "4f45740300000003ffdc01000000",                          // A longer hello.
                              "4f4574030000010100031d0000002500290003616e6e",          // Another command.
                              "4f4574030000010100021d0000002500290000",                // Nobody.
                              "4f4574030000010100021d0000002500290004616e6e",          // A name beyond its end.
                              "4f4574030000010100021d0000002500290003616e6e00",        // Bytes behind it.
                              ""}) {
        EXPECT_FALSE(minetest::parse_request(from_hex(other))) << other;
    }
}

TEST(TeeworldsRequest, ReadsWhatItsOwnProbeSends) {
    const auto token = teeworlds::parse_request(teeworlds::token_request(own));
    ASSERT_TRUE(token);
    EXPECT_EQ(std::get<teeworlds::TokenRequest>(*token).own, own);
    EXPECT_EQ(teeworlds::parse_token(teeworlds::token_reply(own, servers), own), servers);
    EXPECT_EQ(teeworlds::token_reply(own, servers), teeworlds_token);

    const auto info = teeworlds::parse_request(teeworlds::info_request(servers, own));
    ASSERT_TRUE(info);
    EXPECT_EQ(std::get<teeworlds::InfoRequest>(*info).server, servers);
    EXPECT_EQ(std::get<teeworlds::InfoRequest>(*info).number, 5);
}

TEST(TeeworldsRequest, AnswersAsTheRealServerDid) {
    const teeworlds::Info info{.name = "toytest", .map = "dm1", .game_type = "DM", .clients = 0, .clients_max = 12, .names = {}};
    const teeworlds::InfoRequest request{.server = servers, .own = own, .number = 5};
    // Byte for byte but for the number of players that may play, which was 8 there.
    auto expected = teeworlds_info;
    expected[expected.size() - 3] = std::byte{12};
    EXPECT_EQ(teeworlds::info_reply(request, info, "0.7.5"), expected);
    for (const std::int32_t number : {0, 1, 63, 64, 8191, 8192, -1, -64, -65, 2147483647, -2147483647 - 1}) {
        const auto reply = teeworlds::info_reply({.server = servers, .own = own, .number = number}, info, "0.7.5");
        EXPECT_EQ(teeworlds::parse_info(reply, own).has_value(), number == 5) << number;
    }
}

TEST(TeeworldsRequest, AConnectionProvesItselfByItsToken) {
    auto datagram = teeworlds::token_request(own);
    std::ranges::copy(servers, datagram.begin() + 3);
    datagram[7] = std::byte{1};

    const auto connect = teeworlds::parse_request(datagram);
    ASSERT_TRUE(connect);
    EXPECT_EQ(std::get<teeworlds::Connect>(*connect).server, servers);
    EXPECT_EQ(std::get<teeworlds::Connect>(*connect).own, own);

    datagram.resize(519);
    EXPECT_FALSE(teeworlds::parse_request(datagram)) << "shorter than a server demands";
    EXPECT_FALSE(teeworlds::parse_request(from_hex("10000001")));
    EXPECT_FALSE(teeworlds::parse_request({}));
}

TEST(TeeworldsRequest, TokensAreExchangedInBothKindsOfDatagrams) {
    auto info = teeworlds::info_request(own, servers);
    EXPECT_TRUE(teeworlds::replace_token(info, own, servers));
    EXPECT_EQ(info, teeworlds::info_request(servers, servers));
    auto chunk = from_hex("000501 11223344 deadbeef");
    EXPECT_TRUE(teeworlds::replace_token(chunk, own, servers));
    EXPECT_EQ(chunk, from_hex("000501 663d97e6 deadbeef"));
    EXPECT_FALSE(teeworlds::replace_token(chunk, own, servers)) << "another token";
    for (std::size_t size = 0; size < 7; ++size) {
        auto part = from_hex("000501 11223344");
        part.resize(size);
        EXPECT_FALSE(teeworlds::replace_token(part, own, servers)) << size;
    }
}

TEST(TeeworldsProbe, ReadsTheServersToken) {
    EXPECT_EQ(teeworlds::token_request(own).size(), 520U);
    EXPECT_EQ(teeworlds::parse_token(teeworlds_token, own), servers);
    EXPECT_FALSE(teeworlds::parse_token(teeworlds_token, servers)) << "answers somebody else";
}

TEST(TeeworldsProbe, ReadsAnEmptyServersInformation) {
    const auto info = teeworlds::parse_info(teeworlds_info, own);

    ASSERT_TRUE(info);
    const teeworlds::Info expected{
        .name = "toytest", .map = "dm1", .game_type = "DM", .clients = 0, .clients_max = 12, .names = {}, .version = "0.7.5"};
    EXPECT_EQ(*info, expected);
}

TEST(TeeworldsProbe, ReadsTheNamesOfPlayers) {
    auto bytes = teeworlds_info;
    bytes[bytes.size() - 2] = std::byte{2};
    const auto clients = from_hex(
        "616e6e00"
        "0040"
        "05"
        "00"
        "626f6200"
        "636c616e00"
        "bf01"
        "8001"
        "01");
    bytes.insert(bytes.end(), clients.begin(), clients.end());

    const auto info = teeworlds::parse_info(bytes, own);

    ASSERT_TRUE(info);
    EXPECT_EQ(info->clients, 2);
    EXPECT_EQ(info->names, (std::vector<std::string>{"ann", "bob"}));
}

TEST(TeeworldsProbe, RefusesEveryPrefix) {
    for (std::size_t size = 0; size < teeworlds_token.size(); ++size) {
        EXPECT_FALSE(teeworlds::parse_token(ByteSpan(teeworlds_token).first(size), own)) << size;
    }
    for (std::size_t size = 0; size < teeworlds_info.size(); ++size) {
        EXPECT_FALSE(teeworlds::parse_info(ByteSpan(teeworlds_info).first(size), own)) << size;
    }
}

TEST(TeeworldsProbe, RefusesUnbelievableNumbers) {
    auto many = teeworlds_info;
    many[many.size() - 1] = std::byte{0xbf};
    many.push_back(std::byte{0x7f});

    EXPECT_FALSE(teeworlds::parse_info(many, own));
}

TEST(EconLines, AreWholeWhateverTheirPieces) {
    const auto sent = "Enter password:\n\0\0[03:35:36][chat]: *** hi\n\0\0"sv;
    for (std::size_t cut = 0; cut <= sent.size(); ++cut) {
        econ::Lines lines;
        lines.feed(sent.substr(0, cut));
        std::vector<std::string> seen;
        while (auto line = lines.next()) seen.push_back(*line);
        lines.feed(sent.substr(cut));
        while (auto line = lines.next()) seen.push_back(*line);
        EXPECT_EQ(seen, (std::vector<std::string>{"Enter password:", "[03:35:36][chat]: *** hi"})) << cut;
    }
}

TEST(EconLines, EndSomewhereWithoutALineFeed) {
    econ::Lines lines;
    lines.feed(std::string(econ::line_size_max + 5, 'x'));

    EXPECT_EQ(lines.next()->size(), econ::line_size_max);
    EXPECT_FALSE(lines.next());
}

TEST(EconLines, HaveAMeaning) {
    EXPECT_EQ(econ::kind_of("Enter password:"), econ::Kind::password_wanted);
    EXPECT_EQ(econ::kind_of("Authentication successful. External console access granted."), econ::Kind::accepted);
    EXPECT_EQ(econ::kind_of("Wrong password 1/3."), econ::Kind::refused);
    EXPECT_EQ(econ::kind_of("[03:35:36][server]: cid=0 cmd='say hi'"), econ::Kind::echo);
    EXPECT_EQ(econ::kind_of("[03:35:36][chat]: *** hi"), econ::Kind::text);
    EXPECT_EQ(econ::without_time("[03:35:36][chat]: *** hi"), "[chat]: *** hi");
}

}  // namespace
}  // namespace gk::wire::probe
