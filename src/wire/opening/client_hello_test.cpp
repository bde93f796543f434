#include "wire/opening/client_hello.hpp"

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace gk::wire::opening {
namespace {

using test::bytes_of;
using test::from_hex;
using namespace test::byte_sums;
using Bytes = std::vector<std::byte>;

// OpenSSL 3.0, asked for "Castle.example.org".
const auto hello = from_hex(
    "1603010200010001fc03038fa5805b7502a5a3718c19c821268c9dace546d2020a26c65fbe55505885fd6020dfeba5f1eb7b038e92e7f38462bb4bbd"
    "15c8fe4395916002a349c4c4a3eabd510024130213031301c02cc030c02bc02fcca9cca8c024c028c023c027009f009e006b006700ff0100018f0000"
    "00170015000012436173746c652e6578616d706c652e6f7267000b000403000102000a00160014001d0017001e001900180100010101020103010400"
    "2300000016000000170000000d002a0028040305030603080708080809080a080b080408050806040105010601030303010302040205020602002b00"
    "050403040303002d00020101003300260024001d0020694e20160e5c5815db42f6131d7514b6a0501250e5e32c731314048c0f173770001500db0000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000");

constexpr std::size_t record_head = 5;

Bytes record(ByteSpan content) {
    ByteWriter out;
    return out.text("\x16\x03\x01").big_endian(static_cast<std::uint16_t>(content.size())).bytes(content).take();
}

// One record with a ClientHello that holds these extensions.
Bytes hello_with(const Bytes& extensions) {
    ByteWriter body;
    body.big_endian(std::uint16_t{0x0303}).bytes(Bytes(32)).big_endian(std::uint8_t{0}).text(std::string_view("\0\2\x13\1\1\0", 6));
    body.big_endian(static_cast<std::uint16_t>(extensions.size())).bytes(extensions);
    ByteWriter message;
    message.big_endian(static_cast<std::uint32_t>(0x01000000 | body.view().size())).bytes(body.view());
    return record(message.view());
}

Bytes named(std::string_view name) {
    ByteWriter out;
    out.big_endian(std::uint16_t{0}).big_endian(static_cast<std::uint16_t>(name.size() + 5)).big_endian(static_cast<std::uint16_t>(name.size() + 3));
    return out.big_endian(std::uint8_t{0}).big_endian(static_cast<std::uint16_t>(name.size())).text(name).take();
}

TEST(ClientHello, NamesTheServerThatIsWanted) { EXPECT_EQ(server_name_of(hello), "castle.example.org"); }

TEST(ClientHello, IsIncompleteUpToItsLastByte) {
    for (std::size_t size = 0; size < hello.size(); ++size) {
        const auto name = server_name_of(ByteSpan(hello).first(size));
        ASSERT_FALSE(name) << size;
        EXPECT_EQ(name.error(), HelloTrouble::incomplete) << size;
    }
    EXPECT_EQ(server_name_of(hello + from_hex("1703030001")), "castle.example.org") << "what follows is not looked at";
}

TEST(ClientHello, MayBeSpreadOverRecords) {
    const auto message = ByteSpan(hello).subspan(record_head);
    for (const std::size_t piece : {1U, 2U, 3U, 4U, 5U, 100U}) {
        Bytes spread;
        for (std::size_t at = 0; at < message.size(); at += piece) {
            spread = std::move(spread) + record(message.subspan(at, std::min(piece, message.size() - at)));
        }
        EXPECT_EQ(server_name_of(spread), "castle.example.org") << piece;
    }
}

TEST(ClientHello, WithoutANameIsWhole) {
    EXPECT_EQ(server_name_of(hello_with({})).error(), HelloTrouble::nameless);
    EXPECT_EQ(server_name_of(hello_with(from_hex("002b 0003 020304"))).error(), HelloTrouble::nameless);
    EXPECT_EQ(server_name_of(hello_with(from_hex("0000 0006 0004 01 0001 61"))).error(), HelloTrouble::nameless) << "another kind of name";
    EXPECT_EQ(server_name_of(hello_with(named("a.b"))), "a.b");
}

TEST(ClientHello, RefusesWhatIsNone) {
    const Bytes junk[] = {
        bytes_of("GET / HTTP/1.1\r\n"),
        from_hex("15"),
        from_hex("1602"),
        from_hex("16 0301 0000"),
        from_hex("16 0301 4001"),
        from_hex("16 0301 0004 02"),           // A ServerHello.
        from_hex("16 0301 0004 01ffffff"),     // 16 MiB are announced.
        from_hex("16 0301 0005 01000001 00"),  // Too short for its random number.
        hello_with(from_hex("0000 0003 0001 00")),
        hello_with(from_hex("0000 0009 0004 00 0001 61")),
        hello_with(named("")),
        hello_with(named("a b")),
        hello_with(named(std::string_view("a\0b", 3))),
        hello_with(named(std::string(254, 'a'))),
    };
    for (std::size_t i = 0; i < std::size(junk); ++i) {
        const auto name = server_name_of(junk[i]);
        ASSERT_FALSE(name) << i;
        EXPECT_EQ(name.error(), HelloTrouble::malformed) << i;
    }
}

}  // namespace
}  // namespace gk::wire::opening
