#include <gtest/gtest.h>

#include "wire/probe/econ.hpp"
#include "wire/probe/minetest.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::wire::probe {
namespace {

using namespace std::string_view_literals;

std::vector<std::byte> from_hex(std::string_view hex) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
    return bytes;
}

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

TEST(TeeworldsProbe, ReadsTheServersToken) {
    EXPECT_EQ(teeworlds::token_request(own).size(), 520U);
    EXPECT_EQ(teeworlds::parse_token(teeworlds_token, own), servers);
    EXPECT_FALSE(teeworlds::parse_token(teeworlds_token, servers)) << "answers somebody else";
}

TEST(TeeworldsProbe, ReadsAnEmptyServersInformation) {
    const auto info = teeworlds::parse_info(teeworlds_info, own);

    ASSERT_TRUE(info);
    EXPECT_EQ(*info, (teeworlds::Info{.name = "toytest", .map = "dm1", .game_type = "DM", .clients = 0, .clients_max = 12, .names = {}}));
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
