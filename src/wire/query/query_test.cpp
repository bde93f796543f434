#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/query/a2s.hpp"
#include "wire/query/quake3.hpp"
#include "wire/query/raknet.hpp"

namespace gk::wire::query {
namespace {

using namespace std::string_view_literals;
using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;

const auto magic = from_hex("00ffff00fefefefefdfdfdfd12345678");
const auto time_sent = from_hex("0102030405060708");
const auto guid = from_hex("1112131415161718");

TEST(RakNet, ReadsAPingWithAndWithoutTheClientsNumber) {
    const raknet::Request ping = raknet::Ping{0x0102030405060708};
    EXPECT_EQ(raknet::parse_request(from_hex("01") + time_sent + magic + guid), ping);
    EXPECT_EQ(raknet::parse_request(from_hex("02") + time_sent + magic + guid), ping);
    EXPECT_EQ(raknet::parse_request(from_hex("01") + time_sent + magic), ping);
}

TEST(RakNet, ReadsTheFirstPacketOfAJoin) {
    for (const std::size_t datagram : {1464U, 1172U, 548U}) {
        EXPECT_EQ(raknet::parse_request(from_hex("05") + magic + from_hex("0b") + Bytes(datagram - 18)), raknet::Request(raknet::OpenRequest{11}));
    }
}

TEST(RakNet, RefusesEverythingElse) {
    const auto ping = from_hex("01") + time_sent + magic;
    for (std::size_t size = 0; size < ping.size(); ++size) EXPECT_FALSE(raknet::parse_request(ByteSpan(ping).first(size))) << size;
    auto wrong_magic = ping;
    wrong_magic[9] = std::byte{1};
    const Bytes others[] = {wrong_magic,
                            ping + from_hex("11"),
                            from_hex("05") + magic,
                            from_hex("05") + magic + from_hex("0b"),
                            from_hex("05") + magic + from_hex("0b") + from_hex("0001"),
                            from_hex("05") + magic + from_hex("0b") + Bytes(1483),
                            from_hex("07") + magic,
                            from_hex("84000000")};
    for (std::size_t i = 0; i < std::size(others); ++i) EXPECT_FALSE(raknet::parse_request(others[i])) << i;
}

TEST(RakNet, AnswersWithWhatTheListShows) {
    const raknet::Status status{
        .motd = "Sleeping; join", .sub_motd = "castle", .protocol = 686, .version = "1.21", .players_max = 20, .port4 = 19132, .port6 = 19133};
    const auto text = "MCPE;Sleeping, join;686;1.21;0;20;7;castle;Survival;1;19132;19133;"sv;
    EXPECT_EQ(raknet::pong({0x0102030405060708}, 7, status),
              from_hex("1c") + time_sent + from_hex("0000000000000007") + magic + from_hex("0042") + bytes_of(text));
    const raknet::Status longest{
        .motd = std::string(99, 'x') + "\u00e4" + std::string(900, 'x'), .sub_motd = std::string(500, 'y'), .version = std::string(500, 'z')};
    const auto reply = raknet::pong({1}, 7, longest);
    EXPECT_LE(reply.size(), 400U);
    EXPECT_NE(as_text(reply).find(";" + std::string(99, 'x') + ";"), std::string_view::npos) << "no half character";
}

TEST(RakNet, ReadsTheAnswerToItsOwnPing) {
    const raknet::Ping ping{0x0102030405060708};
    EXPECT_EQ(raknet::parse_request(raknet::ping_datagram(ping)), raknet::Request(ping));
    const raknet::Status status{
        .motd = "Castle", .sub_motd = "Tower", .protocol = 686, .version = "1.21", .players = 3, .players_max = 20, .port4 = 0, .port6 = 0};
    const auto answer = raknet::pong(ping, 7, status);
    EXPECT_EQ(raknet::parse_pong(answer, ping), status);
    EXPECT_FALSE(raknet::parse_pong(answer, {0x0102030405060709})) << "somebody else's";
    for (std::size_t size = 0; size < answer.size(); ++size) EXPECT_FALSE(raknet::parse_pong(ByteSpan(answer).first(size), ping)) << size;
    const auto said = [&](std::string_view text) {
        ByteWriter out;
        out.bytes(from_hex("1c") + time_sent + guid + magic).big_endian(static_cast<std::uint16_t>(text.size())).text(text);
        return raknet::parse_pong(out.view(), ping);
    };
    EXPECT_TRUE(said("MCPE;a;1;1.0;0;5;guid;b"));
    for (const auto* text :
         {"", "MCPE;a;1;1.0;0;5;guid", "MCEE;a;1;1.0;0;5;guid;b", "MCPE;a;x;1.0;0;5;guid;b", "MCPE;a;1;1.0;0;99999999999;guid;b"}) {
        EXPECT_FALSE(said(text)) << text;
    }
}

const auto info_request = from_hex("ffffffff54") + bytes_of("Source Engine Query\0"sv);

TEST(A2s, ReadsQuestionsWithAndWithoutAChallenge) {
    using a2s::Question;
    EXPECT_EQ(a2s::parse_request(info_request), (a2s::Request{Question::info, std::nullopt}));
    EXPECT_EQ(a2s::parse_request(info_request + from_hex("4bb10a0b")), (a2s::Request{Question::info, 0x0b0ab14bU}));
    EXPECT_EQ(a2s::parse_request(from_hex("ffffffff55ffffffff")), (a2s::Request{Question::players, std::nullopt}));
    EXPECT_EQ(a2s::parse_request(from_hex("ffffffff5600000000")), (a2s::Request{Question::rules, std::nullopt}));
    EXPECT_EQ(a2s::parse_request(from_hex("ffffffff5501020304")), (a2s::Request{Question::players, 0x04030201U}));
    for (const auto& other : {from_hex("ffffffff"), from_hex("ffffffff55"), from_hex("ffffffff55010203"), from_hex("ffffffff550102030405"),
                              from_hex("ffffffff57ffffffff"), from_hex("feffffff55ffffffff"), info_request + from_hex("00"),
                              from_hex("ffffffff54") + bytes_of("Source Engine Quer\0"sv), Bytes{}}) {
        EXPECT_FALSE(a2s::parse_request(other)) << as_text(other);
    }
}

TEST(A2s, ReadsWhatItWrites) {
    const a2s::Info info{.name = "Sleeping",
                         .map = "world",
                         .folder = "valheim",
                         .game = "",
                         .app_id = 892,
                         .players_max = 10,
                         .has_password = true,
                         .version = "1.0"};
    const auto reply = a2s::info_reply(info);
    EXPECT_EQ(reply, from_hex("ffffffff 49 11") + bytes_of("Sleeping\0world\0valheim\0\0"sv) + from_hex("7c03 00 0a 00") + bytes_of("dl") +
                         from_hex("01 00") + bytes_of("1.0\0\0"sv));
    EXPECT_EQ(a2s::parse_info(reply), info);
    for (std::size_t size = 0; size + 1 < reply.size(); ++size) EXPECT_FALSE(a2s::parse_info(ByteSpan(reply).first(size))) << size;
    EXPECT_EQ(a2s::challenge_reply(0x0b0ab14b), from_hex("ffffffff 41 4bb10a0b"));
    EXPECT_EQ(a2s::no_players_reply(), from_hex("ffffffff 44 00"));
    EXPECT_EQ(a2s::no_rules_reply(), from_hex("ffffffff 45 0000"));
}

TEST(A2s, AsksWithTheChallengeThatItWasTold) {
    EXPECT_EQ(a2s::parse_request(a2s::info_request(std::nullopt)), (a2s::Request{a2s::Question::info, std::nullopt}));
    const auto challenge = a2s::parse_challenge(a2s::challenge_reply(0x0b0ab14b));
    ASSERT_EQ(challenge, 0x0b0ab14bU);
    EXPECT_EQ(a2s::parse_request(a2s::info_request(challenge)), (a2s::Request{a2s::Question::info, challenge}));
    EXPECT_FALSE(a2s::parse_challenge(from_hex("ffffffff 41 4bb10a")));
    EXPECT_FALSE(a2s::parse_challenge(from_hex("ffffffff 49 4bb10a0b")));
}

TEST(A2s, TheShipHasThreeBytesMore) {
    const auto head = from_hex("ffffffff 49 11") + bytes_of("a\0b\0c\0d\0"sv);
    const auto info = a2s::parse_info(head + from_hex("6009 01 02 00 646c 00 00 010203") + bytes_of("1.0\0"sv));
    ASSERT_TRUE(info);
    EXPECT_EQ(info->version, "1.0");
    EXPECT_EQ(a2s::parse_info(a2s::info_reply(*info)), info);
}

TEST(A2s, RefusesLongTexts) {
    const auto tail = bytes_of("\0b\0c\0d\0"sv) + from_hex("7c03 01 02 00 646c 00 00 00");
    EXPECT_TRUE(a2s::parse_info(from_hex("ffffffff 49 11") + bytes_of(std::string(256, 'n')) + tail));
    EXPECT_FALSE(a2s::parse_info(from_hex("ffffffff 49 11") + bytes_of(std::string(257, 'n')) + tail));
}

Bytes out_of_band(std::string_view text) { return from_hex("ffffffff") + bytes_of(text); }

TEST(Quake3, TellsListsFromJoins) {
    using quake3::Command;
    const std::tuple<std::string_view, Command, std::string_view> cases[] = {
        {"getinfo", Command::get_info, ""},
        {"getinfo xyz", Command::get_info, "xyz"},
        {"getinfo xyz\n", Command::get_info, "xyz"},
        {"getstatus", Command::get_status, ""},
        {"getstatus\n", Command::get_status, ""},
        {"getstatus 17\0"sv, Command::get_status, "17"},
        {"getchallenge", Command::get_challenge, ""},
        {"getchallenge 99 OpenArena", Command::get_challenge, "99"},
        {"connect \"\\name\\ann\"", Command::connect, ""},
        {"connect \x01\x02", Command::connect, ""},
    };
    for (const auto& [text, command, challenge] : cases) {
        const auto datagram = out_of_band(text);
        const auto request = quake3::parse_request(datagram);
        ASSERT_TRUE(request) << text;
        EXPECT_EQ(request->command, command) << text;
        EXPECT_EQ(request->challenge, challenge) << text;
    }
    for (const auto text : {"", "get", "getinfox", "rcon secret status", "connect", "connect ", "disconnect", "GETINFO"}) {
        EXPECT_FALSE(quake3::parse_request(out_of_band(text))) << text;
    }
    EXPECT_FALSE(quake3::parse_request(bytes_of("getinfo")));
    EXPECT_EQ(quake3::parse_request(out_of_band("getinfo " + std::string(1000, 'c')))->challenge.size(), 128U);
}

TEST(Quake3, AnswersWithoutLettingTextsOrChallengesBreakOut) {
    const quake3::Status status{.host_name = "Sleep\\ing\n\"", .map = "oa_dm1", .game = "baseoa", .protocol = 71, .clients_max = 8};
    EXPECT_EQ(
        quake3::info_response("x\\y", status),
        out_of_band("infoResponse\n\\game\\baseoa\\mapname\\oa_dm1\\hostname\\Sleeping\\protocol\\71\\clients\\0\\sv_maxclients\\8\\challenge\\xy"));
    EXPECT_EQ(quake3::status_response("", status),
              out_of_band("statusResponse\n\\gamename\\baseoa\\mapname\\oa_dm1\\sv_hostname\\Sleeping\\protocol\\71\\sv_maxclients\\8\n"));
    const quake3::Status longest{.host_name = std::string(9000, 'h'), .map = std::string(9000, 'm'), .game = std::string(9000, 'g')};
    EXPECT_LE(quake3::status_response(std::string(9000, 'c'), longest).size(), 1400U);
}

// As ioquake3's server of OpenArena 0.8.8 says it.
TEST(Quake3, ReadsWhatAServerSaysOfItself) {
    const auto info = quake3::parse_info_response(
        out_of_band("infoResponse\n\\voip\\opus\\g_humanplayers\\0\\g_needpass\\0\\pure\\1\\gametype\\0\\sv_maxclients\\12\\clients\\0"
                    "\\mapname\\oa_dm1\\hostname\\noname\\protocol\\71\\gamename\\Quake3Arena\\challenge\\4711"),
        "4711");
    ASSERT_TRUE(info);
    EXPECT_EQ(info->host_name, "noname");
    EXPECT_EQ(info->map, "oa_dm1");
    EXPECT_EQ(info->protocol, 71);
    EXPECT_EQ(info->clients_max, 12);
    EXPECT_EQ(info->game_name, "Quake3Arena");
    EXPECT_EQ(info->game, "") << "it did not say";
    const auto status = quake3::parse_status_response(
        out_of_band("statusResponse\n\\version\\ioq3 1.36\\sv_hostname\\noname\\protocol\\71\\challenge\\4711\n0 48 \"ann\\version\\x\"\n"), "4711");
    ASSERT_TRUE(status);
    EXPECT_EQ(status->version, "ioq3 1.36");
}

TEST(Quake3, ReadsNoOtherAnswer) {
    const quake3::Status status{.host_name = "Castle", .map = "dm1", .game = "baseoa", .protocol = 71, .clients_max = 8, .game_name = "Quake3Arena"};
    const auto info = quake3::info_response("4711", status);
    ASSERT_TRUE(quake3::parse_info_response(info, "4711"));
    EXPECT_FALSE(quake3::parse_info_response(info, "4712")) << "to another question";
    EXPECT_FALSE(quake3::parse_status_response(info, "4711"));
    for (const auto* text : {"", "infoResponse", "infoResponse\n", "infoResponse\\challenge\\4711", "infoResponse\n\\challenge"}) {
        EXPECT_FALSE(quake3::parse_info_response(out_of_band(text), "4711")) << text;
    }
    const auto odd =
        quake3::parse_info_response(out_of_band("infoResponse\n\\challenge\\4711\\protocol\\71x\\sv_maxclients\\99999999999\\hostname"), "4711");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->protocol, 0);
    EXPECT_EQ(odd->clients_max, 0);
    EXPECT_EQ(odd->host_name, "");
    EXPECT_EQ(quake3::parse_request(quake3::info_request("4711"))->challenge, "4711");
    EXPECT_EQ(quake3::parse_request(quake3::status_request("4711"))->command, quake3::Command::get_status);
}

}  // namespace
}  // namespace gk::wire::query
