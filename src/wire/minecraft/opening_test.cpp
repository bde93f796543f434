#include "wire/minecraft/opening.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/minecraft/host.hpp"

namespace gk::wire::minecraft {
namespace {

using namespace std::string_literals;
using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;

ByteWriter& put_string(ByteWriter& out, std::string_view text) {
    write_varint(out, static_cast<std::int32_t>(text.size()));
    return out.text(text);
}

Bytes handshake(std::int32_t protocol, std::string_view host, std::int32_t next) {
    ByteWriter body;
    body.big_endian(std::uint8_t{0});
    write_varint(body, protocol);
    put_string(body, host).big_endian(std::uint16_t{25565});
    write_varint(body, next);
    return framed(body.view());
}

Bytes login(std::string_view name, const Bytes& rest) {
    ByteWriter body;
    body.big_endian(std::uint8_t{0});
    put_string(body, name).bytes(rest);
    return framed(body.view());
}

const auto uuid = from_hex("00112233445566778899aabbccddeeff");
const auto no = from_hex("00");
const auto yes = from_hex("01");

Bytes signature() {
    ByteWriter out;
    out.big_endian(std::uint8_t{1}).big_endian(std::uint64_t{1'700'000'000'000});
    put_string(out, std::string(294, 'k'));
    put_string(out, std::string(512, 's'));
    return out.take();
}

template <class T>
const T* parsed(const Result<Opening, Trouble>& opening) {
    return opening ? std::get_if<T>(&*opening) : nullptr;
}

struct Version {
    const char* name;
    std::int32_t protocol;
    Bytes rest;  // Of the login, behind the name.
};
const std::vector<Version> versions = {
    {"1.7.2", 4, {}},
    {"1.8.9", 47, {}},
    {"1.12.2", 340, {}},
    {"1.18.2", 758, {}},
    {"1.19, without a key", 759, no},
    {"1.19, with a key", 759, signature()},
    {"1.19.1, nothing", 760, no + no},
    {"1.19.1, all", 760, signature() + yes + uuid},
    {"1.19.3, no UUID", 761, no},
    {"1.20.1, UUID", 763, yes + uuid},
    {"1.20.2", 764, uuid},
    {"1.21.8", 772, uuid},
    {"some later one that appends", 900, uuid + from_hex("0102")},
    {"a snapshot", (1 << 30) | 250, uuid},
};

TEST(MinecraftOpening, ReadsALoginOfEveryVersionAndNoPartOfIt) {
    for (const auto& version : versions) {
        SCOPED_TRACE(version.name);
        const auto bytes = handshake(version.protocol, "Castle.Example.org", 2) + login("Ann_1", version.rest);
        const auto whole = parse_opening(bytes, false);
        const auto* found = parsed<LoginOpening>(whole);
        ASSERT_TRUE(found);
        EXPECT_EQ(found->name, "Ann_1");
        EXPECT_EQ(found->handshake.protocol, version.protocol);
        EXPECT_EQ(found->handshake.host, "Castle.Example.org");
        EXPECT_EQ(found->handshake.port, 25565);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            const auto part = parse_opening(ByteSpan(bytes).first(size), true);
            ASSERT_FALSE(part) << size;
            EXPECT_EQ(part.error(), Trouble::incomplete) << size;
        }
    }
}

TEST(MinecraftOpening, RefusesLoginsThatEndWrong) {
    for (const auto& [protocol, rest] : std::vector<std::pair<std::int32_t, Bytes>>{
             {47, no}, {759, {}}, {759, from_hex("02")}, {760, no}, {760, no + yes}, {761, {}}, {763, yes + uuid + no}, {764, {}}, {764, no}}) {
        const auto opening = parse_opening(handshake(protocol, "a", 2) + login("ann", rest), false);
        ASSERT_FALSE(opening) << protocol;
        EXPECT_EQ(opening.error(), Trouble::malformed) << protocol;
    }
}

TEST(MinecraftOpening, KnowsATransferAndAStatus) {
    const auto transfer = parse_opening(handshake(766, "a", 3) + login("ann", uuid), false);
    ASSERT_TRUE(parsed<LoginOpening>(transfer));
    EXPECT_TRUE(parsed<LoginOpening>(transfer)->transferred);

    const auto bytes = handshake(47, "b.example", 1);
    const auto status = parse_opening(bytes + from_hex("0100"), false);
    ASSERT_TRUE(parsed<StatusOpening>(status));
    EXPECT_EQ(parsed<StatusOpening>(status)->size, bytes.size());
}

TEST(MinecraftOpening, RefusesNamesThatNobodyCanHave) {
    for (const auto* name : {"", "seventeen_letters", "\xff\xfe"}) {
        EXPECT_FALSE(parse_opening(handshake(47, "a", 2) + login(name, {}), false)) << name;
    }
    EXPECT_TRUE(parse_opening(handshake(47, "a", 2) + login(".Bedrock", {}), false));
    EXPECT_TRUE(parse_opening(handshake(47, "a", 2) + login("sixteen_letters_", {}), false));
}

TEST(MinecraftOpening, RefusesJunkAtOnceAndWaitsForNoAnnouncedLength) {
    const std::pair<const char*, Bytes> junk[] = {
        {"a length of 2 MiB", from_hex("ffff7f")},
        {"a length of four bytes", from_hex("80808001")},
        {"no length", from_hex("00")},
        {"more than a handshake can have", from_hex("cd08 00")},
        {"HTTP", bytes_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n" + std::string(100, 'x'))},
        {"another packet", framed(from_hex("01 2f 01 61 63dd 02"))},
        {"a next state of four", handshake(47, "a", 4)},
        {"a next state of nought", handshake(47, "a", 0)},
        {"bytes behind the handshake in its frame", framed(from_hex("00 2f 01 61 63dd 02 00"))},
        {"a host that is longer than its frame", framed(from_hex("00 2f 7f 61 63dd 02"))},
        {"a host of a negative length", framed(from_hex("00 2f ffffffff0f 61 63dd 02"))},
        {"a login above its bounds", handshake(47, "a", 2) + from_hex("8110")},
    };
    for (const auto& [what, bytes] : junk) {
        const auto opening = parse_opening(bytes, false);
        ASSERT_FALSE(opening) << what;
        EXPECT_EQ(opening.error(), Trouble::malformed) << what;
    }
}

TEST(MinecraftOpening, TellsTheThreeLegacyPingsApart) {
    const auto ping = from_hex("fe01fa 000b 004d0043007c00500069006e00670048006f00730074 0019 4a 0009 00610020002e006500e40000d83cdf0d0078 000063dd");
    ASSERT_FALSE(parse_opening(from_hex("fe"), false));
    EXPECT_EQ(parse_opening(from_hex("fe"), false).error(), Trouble::incomplete);
    EXPECT_EQ(*parsed<LegacyPing>(parse_opening(from_hex("fe"), true)), (LegacyPing{LegacyForm::bare, ""}));
    EXPECT_EQ(*parsed<LegacyPing>(parse_opening(from_hex("fe01"), true)), (LegacyPing{LegacyForm::short_form, ""}));
    const auto whole = parse_opening(ping, false);
    ASSERT_TRUE(parsed<LegacyPing>(whole));
    EXPECT_EQ(*parsed<LegacyPing>(whole), (LegacyPing{LegacyForm::with_host, "a .e\u00e4\0\U0001f30dx"s}));
    for (std::size_t size = 3; size < ping.size(); ++size) {
        EXPECT_EQ(parse_opening(ByteSpan(ping).first(size), true).error(), Trouble::incomplete) << size;
    }
}

TEST(MinecraftOpening, RefusesAMisbuiltLegacyPing) {
    const auto head = from_hex("fe01fa 000b 004d0043007c00500069006e00670048006f00730074");
    const Bytes bad[] = {
        from_hex("fe01fa 000c"),
        from_hex("fe01fa 000b 004d0043007c00500069006e00670048006f00730073"),
        head + from_hex("0006"),
        head + from_hex("0206"),
        head + from_hex("0009 4a 0002 0061 000063dd"),
        head + from_hex("0009 4a 0001 d83c 000063dd"),
    };
    for (std::size_t i = 0; i < std::size(bad); ++i) {
        ASSERT_FALSE(parse_opening(bad[i], true)) << i;
        EXPECT_EQ(parse_opening(bad[i], true).error(), Trouble::malformed) << i;
    }
}

TEST(MinecraftOpening, AFrameOf254BytesIsNoLegacyPing) {
    const auto bytes = handshake(47, std::string(247, 'h'), 1);
    ASSERT_EQ(bytes.at(0), std::byte{0xfe});
    ASSERT_EQ(bytes.at(1), std::byte{0x01});
    EXPECT_TRUE(parsed<StatusOpening>(parse_opening(bytes, true)));
}

TEST(MinecraftHost, IsWhatThePlayerTyped) {
    const std::pair<std::string, const char*> sent[] = {
        {"Castle.Example.ORG", "castle.example.org"},
        {"castle.example.org.", "castle.example.org"},
        {"castle.example.org...", "castle.example.org"},
        {"castle.example.org\0FML\0"s, "castle.example.org"},
        {"castle.example.org.\0FML3\0"s, "castle.example.org"},
        {"castle.example.org\0"
         "10.0.0.1\0uuid"s,
         "castle.example.org"},
        {"castle.example.org///1.2.3.4:5///1700000000", "castle.example.org"},
        {"castle.example.org\\other", "castle.example.org"},
        {"_minecraft._tcp.castle.example.org.", "castle.example.org"},
        {"203.0.113.7", "203.0.113.7"},
        {"\0"s, ""},
        {"", ""},
        {"...", ""},
    };
    for (const auto& [raw, expected] : sent) EXPECT_EQ(normal_host(raw), expected) << raw;
}

TEST(MinecraftAnswers, AreWhatClientsRead) {
    const ServerText text{
        .version = "1.21", .protocol = 767, .description = "Sleeping: \"join\" to start", .online = 0, .players_max = 20, .favicon = ""};
    const auto answer = status_response(text);
    ByteReader frames(answer);
    const auto body = read_frame(frames, 32768);
    ASSERT_TRUE(body);
    EXPECT_TRUE(frames.empty());
    EXPECT_EQ(as_text(body->subspan(2)),
              R"({"version":{"name":"1.21","protocol":767},"players":{"max":20,"online":0},"description":{"text":"Sleeping: \"join\" to start"}})");
    EXPECT_EQ(login_refusal("hi"), from_hex("0f 00 0d") + bytes_of(R"({"text":"hi"})"));
    EXPECT_EQ(pong(0x0102030405060708), from_hex("09 01 0102030405060708"));
}

TEST(MinecraftAnswers, OfOldVersionsAreUtf16) {
    const ServerText text{.version = "1.5", .protocol = 0, .description = "Zz\u00a7a\U0001f30d", .online = 1, .players_max = 20, .favicon = ""};
    EXPECT_EQ(legacy_response(LegacyForm::bare, text), from_hex("ff 0007 005a 007a 00a7 0031 00a7 0032 0030"));
    EXPECT_EQ(legacy_response(LegacyForm::short_form, text),
              from_hex("ff 0016 00a7 0031 0000 0031 0032 0037 0000 0031 002e 0035 0000 005a 007a 00a7 0061 d83c df0d 0000 0031 0000 0032 0030"));
}

TEST(MinecraftStatusTalk, IsARequestAndAPing) {
    const auto bytes = from_hex("0100 09010102030405060708");
    ByteReader in(bytes);
    EXPECT_TRUE(std::holds_alternative<StatusRequest>(*read_status_packet(in)));
    EXPECT_EQ(std::get<StatusPing>(*read_status_packet(in)).payload, 0x0102030405060708U);
    EXPECT_EQ(read_status_packet(in).error(), Trouble::incomplete);
    for (const auto* other : {"0102", "020000", "0a", "020100"}) {
        const auto wrong = from_hex(other);
        ByteReader reader(wrong);
        EXPECT_EQ(read_status_packet(reader).error(), Trouble::malformed) << other;
    }
}

TEST(MinecraftStatusTalk, AsksAsAListAndReadsTheAnswer) {
    const auto question = status_question("castle", 25565);
    const auto opening = parse_opening(question, false);
    const auto* status = parsed<StatusOpening>(opening);
    ASSERT_NE(status, nullptr);
    EXPECT_EQ(status->handshake.host, "castle");
    ByteReader rest(ByteSpan(question).subspan(status->size));
    EXPECT_TRUE(std::holds_alternative<StatusRequest>(*read_status_packet(rest)));

    const auto answer = status_response({.version = "1.21", .description = "Castle"});
    const auto json = parse_status_response(answer);
    ASSERT_TRUE(json);
    EXPECT_TRUE(json->starts_with(R"({"version":{"name":"1.21")")) << *json;
    for (std::size_t size = 0; size < answer.size(); ++size) {
        EXPECT_EQ(parse_status_response(ByteSpan(answer).first(size)).error(), Trouble::incomplete) << size;
    }
    EXPECT_EQ(parse_status_response(from_hex("0101")).error(), Trouble::malformed) << "another packet";
    EXPECT_EQ(parse_status_response(from_hex("020005")).error(), Trouble::malformed) << "a text longer than its packet";
    EXPECT_EQ(parse_status_response(from_hex("ffff7f")).error(), Trouble::malformed) << "longer than any; nothing waits for it";
}

TEST(MinecraftAnswers, HaveNoPictureThatWouldMakeThemTooLong) {
    const auto sized = [](std::size_t picture) {
        const auto answer = status_response({.version = "1.21", .description = "Castle", .favicon = std::string(picture, 'p')});
        return parse_status_response(answer)->size();
    };
    const auto around = sized(1) - 1;
    EXPECT_EQ(sized(status_characters_max - around), status_characters_max);
    EXPECT_LT(sized(status_characters_max - around + 1), around);
}

}  // namespace
}  // namespace gk::wire::minecraft
