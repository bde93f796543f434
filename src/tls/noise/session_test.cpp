#include "tls/noise/session.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gk::noise {
namespace {

using Bytes = std::vector<std::byte>;

Key key_number(unsigned char number) {
    Key key{};
    key.fill(std::byte{number});
    return key;
}

std::string said(Session& session) { return std::string(as_text(session.take_plain())); }

struct Pair : testing::Test {
    Session client = Session::client(key_number(1), "test");
    Session server = Session::server(key_number(1), "test");

    void open() {
        ASSERT_TRUE(server.feed(client.take_output()));
        ASSERT_TRUE(client.feed(server.take_output()));
    }
};

TEST_F(Pair, CarriesBytesBothWaysOnceItIsOpen) {
    client.send(as_byte_span("asked before it was open"));
    open();
    ASSERT_TRUE(server.feed(client.take_output()));
    server.send(as_byte_span("answered"));
    ASSERT_TRUE(client.feed(server.take_output()));

    EXPECT_EQ(said(server), "asked before it was open");
    EXPECT_EQ(said(client), "answered");
}

TEST_F(Pair, TakesBytesInPiecesOfAnySize) {
    open();
    const std::string large(100'000, 'x');
    client.send(as_byte_span(large));
    const auto bytes = client.take_output();
    for (std::size_t at = 0; at < bytes.size(); at += 777) {
        ASSERT_TRUE(server.feed(ByteSpan(bytes).subspan(at, std::min<std::size_t>(777, bytes.size() - at))));
    }

    EXPECT_EQ(said(server), large);
}

TEST_F(Pair, KnowsThePeerOnlyWhenItHasSaidSomethingFresh) {
    const auto opening = client.take_output();
    ASSERT_TRUE(server.feed(opening));
    EXPECT_FALSE(server.is_proved()) << "somebody may have recorded it";
    ASSERT_TRUE(client.feed(server.take_output()));
    EXPECT_TRUE(client.is_proved());
    client.send(as_byte_span("x"));
    ASSERT_TRUE(server.feed(client.take_output()));

    EXPECT_TRUE(server.is_proved());
}

TEST_F(Pair, CannotBeDrivenByARecording) {
    auto recorded = client.take_output();
    ASSERT_TRUE(server.feed(recorded));
    ASSERT_TRUE(client.feed(server.take_output()));
    client.send(as_byte_span("stop"));
    const auto command = client.take_output();
    ASSERT_TRUE(server.feed(command));

    auto again = Session::server(key_number(1), "test");
    ASSERT_TRUE(again.feed(recorded));

    EXPECT_FALSE(again.feed(command));
    EXPECT_FALSE(again.is_proved());
    EXPECT_EQ(said(again), "");
}

TEST_F(Pair, EndsAtTheFirstMessageThatWasChanged) {
    open();
    client.send(as_byte_span("stop"));
    const auto bytes = client.take_output();
    auto changed = bytes;
    changed.back() ^= std::byte{0x80};

    EXPECT_EQ(server.feed(changed).error(), "a message was changed, repeated or left out on its way");
    EXPECT_EQ(said(server), "");
}

TEST_F(Pair, WaitsForTheRestOfAMessageThatIsCutShort) {
    open();
    client.send(as_byte_span("stop"));
    auto bytes = client.take_output();
    bytes.pop_back();

    EXPECT_TRUE(server.feed(bytes));
    EXPECT_EQ(said(server), "");
}

TEST_F(Pair, DoesNotTalkToOneWithAnotherKeyOrPurpose) {
    const auto opening = client.take_output();
    auto other_key = Session::server(key_number(2), "test");
    auto other_purpose = Session::server(key_number(1), "another");

    EXPECT_EQ(other_key.feed(opening).error(), "the peer does not hold the key");
    EXPECT_FALSE(other_purpose.feed(opening));
    EXPECT_TRUE(other_key.take_output().empty()) << "a stranger learns nothing";
}

TEST_F(Pair, CutsOffNonsenseAtItsFirstBytes) {
    EXPECT_EQ(server.feed(as_byte_span("GET / HTTP/1.1\r\n")).error(), "the peer does not speak this protocol");
}

TEST_F(Pair, HoldsNoMoreThanOneMessageOfAPeerThatNeverEnds) {
    open();
    const Bytes size{std::byte{0xff}, std::byte{0xff}};

    EXPECT_FALSE(server.feed(size));
}

TEST(NoiseKey, HasExactlyItsSize) {
    EXPECT_TRUE(to_key(Bytes(32)));
    EXPECT_FALSE(to_key(Bytes(31)));
    EXPECT_FALSE(to_key(Bytes(33)));
}

}  // namespace
}  // namespace gk::noise
