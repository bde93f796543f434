#include "tls/digest.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::tls {
namespace {

// From FIPS 180-4's examples.
TEST(Digest, MatchesThePublishedVectors) {
    EXPECT_EQ(hex(sha256(as_byte_span("abc"))), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(HashStream(Hash::sha512).add(as_byte_span("abc")).finish()),
              "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    EXPECT_EQ(hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, Base64PadsToFourDigits) {
    EXPECT_EQ(base64(as_byte_span("")), "");
    EXPECT_EQ(base64(as_byte_span("f")), "Zg==");
    EXPECT_EQ(base64(as_byte_span("foobar")), "Zm9vYmFy");
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
    const std::string text = "the quick brown fox jumps over the lazy dog";
    Sha256Stream stream;

    for (const char c : text) stream.add(as_byte_span(std::string_view(&c, 1)));

    EXPECT_EQ(stream.finish(), sha256(as_byte_span(text)));
}

// RFC 4231, test cases 1, 2 and 6 (a key that is longer than a block).
TEST(Digest, HmacIsThatOfItsStandard) {
    const auto mac = [](const std::string& key, std::string_view text) { return hex(hmac_sha256(as_byte_span(key), as_byte_span(text))); };
    EXPECT_EQ(mac(std::string(20, '\x0b'), "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(mac("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(mac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, ConstantTimeComparisonComparesLengthAndContent) {
    EXPECT_TRUE(equal_in_constant_time(as_byte_span("key"), as_byte_span("key")));
    EXPECT_FALSE(equal_in_constant_time(as_byte_span("key"), as_byte_span("kez")));
    EXPECT_FALSE(equal_in_constant_time(as_byte_span("key"), as_byte_span("keys")));
    EXPECT_TRUE(equal_in_constant_time({}, {}));
}

}  // namespace
}  // namespace gk::tls
