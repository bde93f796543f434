#include "programs/edge/interview.hpp"

#include <gtest/gtest.h>

#include "edge/reader.hpp"
#include "wire/query/quake3.hpp"

namespace gk::programs {
namespace {

using wake::Face;
using wake::GameProtocol;

const wake::Endpoint us = *wake::Endpoint::parse("127.0.0.1:50000");
constexpr Interview::Nonce nonce{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};

// What comes of asking somebody who answers as an edge does for a server of this face; at most a few questions.
std::optional<Face> interviewed(GameProtocol protocol, const Face& face) {
    const edge::Tokens tokens;
    Interview interview(protocol, nonce);
    auto say = interview.opening();
    for (int question = 0; question < 3 && !say.empty(); ++question) {
        auto turn = interview.hear(edge::read_datagram(protocol, say, us, face, tokens).answer);
        if (turn.seen) return std::move(turn.seen);
        say = std::move(turn.say);
    }
    return std::nullopt;
}

TEST(Interview, SeesWhatListsAreShown) {
    const Face face{
        .title = "Castle", .map = "dm1", .game_type = "baseoa", .version = "0.8.8", .protocol = 71, .players_max = 16, .game_name = "Quake3Arena"};
    EXPECT_EQ(interviewed(GameProtocol::quake3, face), face);
    auto expected = face;
    expected.game_name.clear();
    expected.protocol = 0;
    EXPECT_EQ(interviewed(GameProtocol::teeworlds, face), expected);
    EXPECT_EQ(interviewed(GameProtocol::a2s, face), expected);
    expected.game_type.clear();
    expected.protocol = 71;
    EXPECT_EQ(interviewed(GameProtocol::raknet, face), expected);
}

TEST(Interview, WhatIsNoAnswerIsPassedOver) {
    const auto stranger = as_byte_span("\xff\xff\xff\xffinfoResponse\n\\hostname\\x\\challenge\\other");
    for (const auto protocol : {GameProtocol::quake3, GameProtocol::teeworlds, GameProtocol::raknet, GameProtocol::a2s}) {
        Interview interview(protocol, nonce);
        for (const auto datagram : {ByteSpan(), stranger}) {
            const auto turn = interview.hear(datagram);
            EXPECT_TRUE(turn.say.empty());
            EXPECT_FALSE(turn.seen);
        }
    }
}

TEST(Interview, ReadsTheJsonOfMinecraft) {
    const auto face =
        face_of_minecraft(R"({"version":{"name":"Paper 1.21","protocol":767},"players":{"max":20,"online":3},"favicon":"data:image/png;base64,AA==",)"
                          R"("description":{"text":"A ","extra":[{"text":"fine","bold":true}," castle"]}})");
    EXPECT_EQ(face,
              (Face{.title = "A fine castle", .version = "Paper 1.21", .protocol = 767, .players_max = 20, .icon = "data:image/png;base64,AA=="}));
    EXPECT_EQ(face_of_minecraft(R"({"description":"plain"})"), Face{.title = "plain"});
    EXPECT_EQ(face_of_minecraft(R"({"version":7,"players":[],"description":{"text":5},"favicon":null})"), Face{});
    EXPECT_EQ(face_of_minecraft(R"({"players":{"max":99999999999}})"), Face{});
    for (const auto* text : {"", "{", "[]", "\"x\""}) EXPECT_FALSE(face_of_minecraft(text)) << text;
    std::string deep = "1";
    for (int i = 0; i < 100; ++i) deep = "[" + deep + "]";
    EXPECT_FALSE(face_of_minecraft(R"({"description":)" + deep + "}")) << "bounded";
}

}  // namespace
}  // namespace gk::programs
