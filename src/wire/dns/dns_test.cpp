#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/dns/message.hpp"
#include "wire/dns/reply.hpp"

namespace gk::wire::dns {
namespace {

using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;

// "cAsTle.example.org" as a resolver writes it that mixes the case of letters against forgers.
const auto castle = from_hex("06634173546c65 076578616d706c65 036f7267 00");
const auto a_question = castle + from_hex("0001 0001");
// Number 0x1234, recursion desired, one question, one more record.
const auto header = from_hex("1234 0100 0001 0000 0000 0001");
const auto edns_of_4096 = from_hex("00 0029 1000 00000000 0000");
const auto whole = header + a_question + edns_of_4096;

const Record address{.name = "castle.example.org", .ttl = 5, .data = AddressV4{203, 0, 113, 7}};

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes[at] = std::byte{value};
    return bytes;
}

TEST(DnsQuery, IsRead) {
    const auto query = parse_query(whole);
    ASSERT_TRUE(query);
    EXPECT_EQ(query->id, 0x1234);
    EXPECT_TRUE(query->recursion_desired);
    EXPECT_EQ(query->name, "castle.example.org");
    EXPECT_EQ(query->type, Type::a);
    EXPECT_EQ(query->klass, Class::in);
    EXPECT_TRUE(query->has_edns);
    EXPECT_EQ(query->size_max, datagram_size_max);
    EXPECT_EQ(query->trouble, Code::ok);
    EXPECT_EQ(Bytes(query->question.begin(), query->question.end()), a_question);
}

TEST(DnsQuery, WithoutEdnsTakesWhatItAlwaysTook) {
    const auto query = parse_query(from_hex("1234 0000 0001 0000 0000 0000") + a_question);
    ASSERT_TRUE(query);
    EXPECT_FALSE(query->has_edns);
    EXPECT_FALSE(query->recursion_desired);
    EXPECT_EQ(query->size_max, plain_size_max);
}

TEST(DnsQuery, TakesNoLessThanEverybodyMust) {
    const auto query = parse_query(header + a_question + from_hex("00 0029 0001 00000000 0000"));
    EXPECT_EQ(query->size_max, plain_size_max);
}

TEST(DnsQuery, OfTheRootHasNoName) { EXPECT_EQ(parse_query(from_hex("1234 0000 0001 0000 0000 0000 00 0002 0001"))->name, ""); }

TEST(DnsQuery, ThatIsAnAnswerOrNothingIsNotAnswered) {
    EXPECT_FALSE(parse_query(with(whole, 2, 0x81)));
    for (std::size_t size = 0; size < 12; ++size) EXPECT_FALSE(parse_query(ByteSpan(whole).first(size))) << size;
}

TEST(DnsQuery, ThatIsCutAnywhereIsAFormatError) {
    for (std::size_t size = 12; size < whole.size(); ++size) EXPECT_EQ(parse_query(ByteSpan(whole).first(size))->trouble, Code::format_error) << size;
}

TEST(DnsQuery, OfAnotherShapeIsAFormatError) {
    const Bytes others[] = {
        with(whole, 5, 2),                                                            // Two questions.
        with(whole, 7, 1),                                                            // An answer with them.
        with(whole, 9, 1),                                                            // An authority.
        whole + from_hex("00"),                                                       // Something behind it.
        from_hex("1234 0100 0001 0000 0000 0000 c00c 0001 0001"),                     // A name that points to itself.
        from_hex("1234 0100 0001 0000 0000 0000 40") + Bytes(64) + from_hex("00 0001 0001"),  // A label of 64 bytes.
        from_hex("1234 0100 0001 0000 0000 0000 03612e62 00 0001 0001"),              // A dot within a label.
        from_hex("1234 0100 0001 0000 0000 0002") + a_question + edns_of_4096 + edns_of_4096,
        header + a_question + from_hex("0161 00 0029 1000 00000000 0000"),            // EDNS of somebody.
    };
    for (const auto& other : others) {
        ASSERT_TRUE(parse_query(other));
        EXPECT_EQ(parse_query(other)->trouble, Code::format_error);
    }
}

TEST(DnsQuery, OfALongerNameThanThereAreIsAFormatError) {
    auto of_labels = [](int count) {
        auto message = from_hex("1234 0100 0001 0000 0000 0000");
        for (int i = 0; i < count; ++i) message = message + from_hex("01 61");
        return message + from_hex("00 0001 0001");
    };
    EXPECT_EQ(parse_query(of_labels(127))->trouble, Code::ok);
    EXPECT_EQ(parse_query(of_labels(128))->trouble, Code::format_error);
}

TEST(DnsQuery, OfAnotherKindIsNotImplemented) { EXPECT_EQ(parse_query(with(whole, 2, 0x29))->trouble, Code::not_implemented); }

TEST(DnsQuery, OfAnotherVersionOfEdnsIsSaidSo) {
    const auto asked = header + a_question + from_hex("00 0029 1000 00010000 0000");
    const auto query = parse_query(asked);
    EXPECT_EQ(query->trouble, Code::bad_version);
    // The upper bits of the code stand in EDNS's record.
    EXPECT_EQ(message_of(*query, {.code = query->trouble}, 512),
              from_hex("1234 8100 0001 0000 0000 0001") + a_question + from_hex("00 0029 04d0 01000000 0000"));
}

TEST(DnsReply, PointsBackToTheNameThatWasAskedFor) {
    EXPECT_EQ(message_of(*parse_query(whole), {.is_authoritative = true, .answers = {address}}, 1232),
              from_hex("1234 8500 0001 0001 0000 0001") + a_question + from_hex("c00c 0001 0001 00000005 0004 cb007107") +
                  from_hex("00 0029 04d0 00000000 0000"));
}

TEST(DnsReply, SaysEachKindOfRecord) {
    const auto asked = from_hex("1234 0000 0001 0000 0000 0000") + from_hex("036f7267 00 00ff 0001");
    const auto query = parse_query(asked);
    const Reply reply{
        .answers = {{.name = "org", .ttl = 1, .data = AddressV6{0x20, 1, 0xd, 0xb8}},
                    {.name = "org", .ttl = 2, .data = NameServer{"a.org"}},
                    {.name = "org", .ttl = 3, .data = Service{.priority = 1, .weight = 2, .port = 25565, .target = "b.org"}}},
        .authorities = {
            {.name = "b.org",
             .ttl = 4,
             .data = StartOfAuthority{.primary = "a.org", .contact = "c.org", .serial = 5, .refresh = 6, .retry = 7, .expire = 8, .minimum = 9}}}};
    EXPECT_EQ(message_of(*query, reply, 512), from_hex("1234 8000 0001 0003 0001 0000") + from_hex("036f7267 00 00ff 0001") +
                                                  from_hex("c00c 001c 0001 00000001 0010 20010db8000000000000000000000000") +
                                                  from_hex("c00c 0002 0001 00000002 0007 0161 036f7267 00") +
                                                  from_hex("c00c 0021 0001 00000003 000d 0001 0002 63dd 0162 036f7267 00") +
                                                  from_hex("0162 036f7267 00 0006 0001 00000004 0022 0161 036f7267 00 0163 036f7267 00") +
                                                  from_hex("00000005 00000006 00000007 00000008 00000009"));
}

TEST(DnsReply, ThatDoesNotFitSaysThatItWasCutAndIsNoLongerThanTheQuestion) {
    const auto query = parse_query(whole);
    const Reply reply{.is_authoritative = true, .answers = std::vector<Record>(100, address)};
    const auto cut = message_of(*query, reply, query->size_max);
    EXPECT_EQ(cut, from_hex("1234 8300 0001 0000 0000 0001") + a_question + from_hex("00 0029 04d0 00000000 0000"));
    EXPECT_EQ(cut, cut_message_of(*query));
    EXPECT_LE(cut.size(), whole.size());
    EXPECT_GT(message_of(*query, reply, 65535).size(), 1600U);
}

}  // namespace
}  // namespace gk::wire::dns
