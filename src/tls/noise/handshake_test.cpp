#include "tls/noise/handshake.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace gk::noise {
namespace {

using Bytes = std::vector<std::byte>;

Bytes from_hex(std::string_view text) {
    Bytes out;
    for (std::size_t i = 0; i < text.size(); i += 2) out.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
    return out;
}

std::string to_hex(ByteSpan bytes) {
    std::string out;
    for (const auto byte : bytes) out += fmt::format("{:02x}", std::to_integer<int>(byte));
    return out;
}

Key key_of(std::string_view text) {
    Key key{};
    std::ranges::copy(from_hex(text), key.begin());
    return key;
}

// The vector of this protocol in the collection of cacophony (vectors/cacophony.txt), which the Noise wiki names: messages in turn, the
// initiator's first; the first two are the handshake.
struct Message {
    std::string_view payload, sealed;
};
constexpr std::string_view psk = "54686973206973206d7920417573747269616e20706572737065637469766521";
constexpr std::string_view prologue = "4a6f686e2047616c74";
constexpr std::string_view initiator_secret = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
constexpr std::string_view responder_secret = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";
constexpr Message messages[] = {
    {"4c756477696720766f6e204d69736573",
     "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944ed63df2f5a12aee1185ee9c50305f2ecf12421dcb53c047a63b784cf7c54a105"},
    {"4d757272617920526f746862617264",
     "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088430e0fe7d5c0c9b92f7478716c8852f1b4f389edb75e3ebe546fafafd5b6f0f7"},
    {"462e20412e20486179656b", "0fe04b26dcfbb69f8a6a94c61f1a26ef88769218d32f5d17c068a6"},
    {"4361726c204d656e676572", "2239e0c540c01f09eb1f4cc5258fd5acfefff18a5a3773f21b7bfe"},
    {"4a65616e2d426170746973746520536179", "f216cb03d30fb8af1e561fe02a07552d09b416e27a75e62c77d193718b0bdaae9f"},
    {"457567656e2042f6686d20766f6e2042617765726b", "6e8baf98b944184dd7dc5ef14d8108cbeca626de118a5460f3308e294d61e17238bce29bd9"},
};

struct Pair {
    Handshake initiator{Handshake::Role::initiator, key_of(psk), from_hex(prologue), key_of(initiator_secret)};
    Handshake responder{Handshake::Role::responder, key_of(psk), from_hex(prologue), key_of(responder_secret)};
};

TEST(NoiseHandshake, MakesTheMessagesOfThePublishedVector) {
    Pair pair;

    const auto first = pair.initiator.write(from_hex(messages[0].payload));
    EXPECT_EQ(to_hex(*first), messages[0].sealed);
    EXPECT_EQ(to_hex(pair.responder.read(*first).value()), messages[0].payload);
    const auto second = pair.responder.write(from_hex(messages[1].payload));
    EXPECT_EQ(to_hex(*second), messages[1].sealed);
    EXPECT_EQ(to_hex(pair.initiator.read(*second).value()), messages[1].payload);

    auto initiator = pair.initiator.split(), responder = pair.responder.split();
    for (std::size_t i = 2; i < std::size(messages); ++i) {
        auto& from = i % 2 == 0 ? initiator : responder;
        auto& to = i % 2 == 0 ? responder : initiator;
        const auto sealed = from.send.seal(from_hex(messages[i].payload));
        EXPECT_EQ(to_hex(sealed), messages[i].sealed) << i;
        EXPECT_EQ(to_hex(to.receive.open(sealed).value()), messages[i].payload) << i;
    }
}

TEST(NoiseHandshake, RefusesAMessageWithAnyBitChanged) {
    const auto first = from_hex(messages[0].sealed);
    for (std::size_t at = 0; at < first.size(); ++at) {
        Pair pair;
        auto changed = first;
        changed[at] ^= std::byte{1};
        EXPECT_FALSE(pair.responder.read(changed)) << at;
    }
}

TEST(NoiseHandshake, RefusesAMessageThatIsCutShort) {
    const auto first = from_hex(messages[0].sealed);
    for (std::size_t size = 0; size < first.size(); ++size) {
        Pair pair;
        EXPECT_FALSE(pair.responder.read(ByteSpan(first).first(size))) << size;
    }
}

TEST(NoiseHandshake, RefusesOneWithAnotherKeyOrForAnotherPurpose) {
    const auto first = from_hex(messages[0].sealed);
    Handshake other_key(Handshake::Role::responder, key_of(initiator_secret), from_hex(prologue), key_of(responder_secret));
    Handshake other_purpose(Handshake::Role::responder, key_of(psk), from_hex("00"), key_of(responder_secret));

    EXPECT_FALSE(other_key.read(first));
    EXPECT_FALSE(other_purpose.read(first));
}

TEST(NoiseHandshake, RefusesItsOwnMessageSentBack) {
    Pair pair;
    const auto first = pair.initiator.write({});

    EXPECT_FALSE(pair.initiator.read(*first));
}

TEST(NoiseHandshake, RefusesAPointOfSmallOrder) {
    // The attacker must hold the key to get this far; the outcome would be known to whoever records.
    Pair pair;
    Handshake attacker(Handshake::Role::initiator, key_of(psk), from_hex(prologue), key_of(initiator_secret));
    const auto first = attacker.write({});
    ASSERT_TRUE(pair.responder.read(*first));
    // All zeros is one of them; a message that carries it is refused before its seal is looked at.
    Bytes second(Handshake::overhead, std::byte{0});
    (void)pair.initiator.write({});

    EXPECT_FALSE(pair.initiator.read(second));
}

TEST(NoiseCipher, OpensEveryMessageOnceAndInItsPlace) {
    Pair pair;
    (void)pair.responder.read(*pair.initiator.write({}));
    (void)pair.initiator.read(*pair.responder.write({}));
    auto sender = pair.initiator.split(), receiver = pair.responder.split();
    const auto one = sender.send.seal(from_hex("01")), two = sender.send.seal(from_hex("02")), three = sender.send.seal(from_hex("03"));

    EXPECT_FALSE(receiver.receive.open(two)) << "before its turn";
    EXPECT_TRUE(receiver.receive.open(one));
    EXPECT_FALSE(receiver.receive.open(one)) << "a second time";
    EXPECT_FALSE(receiver.receive.open(three)) << "one is left out";
    EXPECT_FALSE(sender.receive.open(two)) << "sent back";
    EXPECT_TRUE(receiver.receive.open(two));
}

}  // namespace
}  // namespace gk::noise
