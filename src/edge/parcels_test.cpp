#include "edge/parcels.hpp"

#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
using test::bytes_of;

Endpoint place(const char* text) { return *Endpoint::parse(text); }
Descriptor some_socket() { return std::move(*listen_datagrams(place("127.0.0.1:0"))); }

EdgeState rich_state() {
    EdgeState state;
    state.tokens[3] = 77;
    state.shards.resize(2);
    auto& udp = state.shards[0].datagrams[place("0.0.0.0:30000")];
    udp.socket = some_socket();
    udp.server = "castle";
    udp.protocol = GameProtocol::teeworlds;
    udp.counts.from_players = 12;
    udp.counts.upstream_lost = 3;
    udp.door = {
        .starts = {5ms, 6ms}, .wakes_in_all = {.parts = 9, .at = 8ms}, .wakes = {{*wake::Address::parse("2001:db8::"), {.parts = 4, .at = 2ms}}}};
    auto& session = udp.sessions.emplace_back();
    session.player = place("203.0.113.7:4000");
    session.game = some_socket();
    session.heard = 123456789ms;
    session.is_confirmed = true;
    session.source = place("192.0.2.1:77");
    session.asked = wake::Address::v4({192, 0, 2, 2});
    session.introduction = bytes_of("PROXY");
    session.allowance = {.parts = 5, .at = 3ms};
    session.copies.push_back(some_socket());
    session.merge = wake::ReplyMerge::State{.legs = std::vector<wake::ReplyMerge::Leg>(2), .last_heard = 6ms};
    session.merge->legs[1].kept.push_back({.hash = 1, .at = 2ms, .datagram = bytes_of("kept")});
    session.merge->legs[1].expected.push_back({.hash = 3, .at = 4ms});
    session.exchange = TokenExchange{.ours = {std::byte{1}},
                                     .own = {std::byte{2}},
                                     .games = wire::probe::teeworlds::Token{std::byte{3}},
                                     .waiting = {bytes_of("w")},
                                     .asked = 7ms};
    udp.held.emplace_back(place("[2001:db8::1]:5"), UdpHeld{.datagrams = {bytes_of("a"), bytes_of("bc")}, .bytes = 3, .until = 44ms, .asked = {}});
    auto& tcp = state.shards[1].streams[place("[::]:25565")];
    tcp.listener = some_socket();
    tcp.protocol = StreamProtocol::minecraft;
    tcp.counts.junk = 6;
    tcp.doors.push_back({.server = "tower", .door = {.starts = {1ms}, .wakes_in_all = {}, .wakes = {}}});
    auto& stream = tcp.sessions.emplace_back();
    stream.source = place("198.51.100.1:6");
    stream.destination = place("198.51.100.2:7");
    stream.stage = TcpStage::relaying;
    stream.player = {.socket = some_socket(), .unsent = bytes_of("not yet sent"), .has_ended = true, .was_told = false};
    stream.game = {.socket = some_socket(), .unsent = {}, .has_ended = false, .was_told = true};
    stream.host = "tower.example.org";
    stream.protocol = -1;
    stream.first = bytes_of("first");
    stream.read_of_first = 2;
    stream.until = 9ms;
    stream.heard = 10ms;
    return state;
}

std::vector<Descriptor> copies_of(const std::vector<int>& numbers) {
    std::vector<Descriptor> out;
    for (const int number : numbers) out.emplace_back(::dup(number));
    return out;
}

// All that was packed from it, as bytes.
std::vector<std::vector<std::byte>> image_of(const EdgeState& state) {
    std::vector<std::vector<std::byte>> out;
    for (auto& parcel : parcels_of(state)) out.push_back(std::move(parcel.bytes));
    return out;
}

TEST(Parcels, CarryEverything) {
    const auto state = rich_state();
    Unpacking in;
    for (const auto& parcel : parcels_of(state)) {
        const auto added = in.add(parcel.bytes, copies_of(parcel.descriptors));
        ASSERT_TRUE(added) << added.error();
    }
    EXPECT_EQ(in.count(), 7U);
    const auto copy = in.take();
    EXPECT_EQ(image_of(copy), image_of(state));

    const auto& session = copy.shards.at(0).datagrams.at(place("0.0.0.0:30000")).sessions.at(0);
    EXPECT_EQ(session.player, place("203.0.113.7:4000"));
    EXPECT_EQ(local_endpoint(session.game.get()), local_endpoint(state.shards[0].datagrams.begin()->second.sessions[0].game.get()));
    EXPECT_EQ(session.heard, 123456789ms);
    EXPECT_TRUE(session.is_confirmed);
    EXPECT_FALSE(session.was_answered);
    EXPECT_EQ(session.exchange->games->at(0), std::byte{3});
    EXPECT_EQ(session.source, place("192.0.2.1:77"));
    EXPECT_EQ(session.asked, wake::Address::v4({192, 0, 2, 2}));
    EXPECT_EQ(session.introduction, bytes_of("PROXY"));
    EXPECT_EQ(session.merge->legs.at(1).kept.at(0).datagram, bytes_of("kept"));
    EXPECT_EQ(session.merge->legs.at(1).expected.at(0).hash, 3U);
    EXPECT_EQ(local_endpoint(session.copies.at(0).get()), local_endpoint(state.shards[0].datagrams.begin()->second.sessions[0].copies[0].get()));
    const auto& stream = copy.shards.at(1).streams.at(place("[::]:25565")).sessions.at(0);
    EXPECT_EQ(stream.stage, TcpStage::relaying);
    EXPECT_EQ(stream.player.unsent, bytes_of("not yet sent"));
    EXPECT_TRUE(stream.player.has_ended);
    EXPECT_TRUE(stream.game.was_told);
    EXPECT_EQ(stream.protocol, -1);
    EXPECT_EQ(copy.shards[1].streams.begin()->second.doors.at(0).door.starts, std::vector<wake::Instant>{1ms});
}

TEST(Parcels, CutShortOrTooLongAreRefused) {
    const auto state = rich_state();
    const auto parcels = parcels_of(state);
    for (std::size_t broken = 0; broken < parcels.size(); ++broken) {
        const auto& bytes = parcels[broken].bytes;
        for (std::size_t size = 0; size <= bytes.size() + 1; ++size) {
            if (size == bytes.size()) continue;
            Unpacking in;
            for (std::size_t i = 0; i < broken; ++i) ASSERT_TRUE(in.add(parcels[i].bytes, copies_of(parcels[i].descriptors)));
            auto other = bytes;
            other.resize(size);
            EXPECT_FALSE(in.add(other, copies_of(parcels[broken].descriptors))) << broken << " " << size;
        }
    }
}

TEST(Parcels, WithoutItsSocketsOrOutOfOrderAreRefused) {
    const auto state = rich_state();
    const auto parcels = parcels_of(state);
    for (std::size_t first = 1; first < parcels.size(); ++first) {
        Unpacking in;
        EXPECT_FALSE(in.add(parcels[first].bytes, copies_of(parcels[first].descriptors))) << "nothing began " << first;
    }
    for (std::size_t broken = 0; broken < parcels.size(); ++broken) {
        if (parcels[broken].descriptors.empty()) continue;
        Unpacking in;
        for (std::size_t i = 0; i < broken; ++i) ASSERT_TRUE(in.add(parcels[i].bytes, copies_of(parcels[i].descriptors)));
        EXPECT_FALSE(in.add(parcels[broken].bytes, {})) << broken;
    }
    Unpacking twice;
    ASSERT_TRUE(twice.add(parcels[0].bytes, {}));
    EXPECT_FALSE(twice.add(parcels[0].bytes, {}));
}

}  // namespace
}  // namespace gk::edge
