#include "edge/udp_relay_fixture.hpp"
#include "tests/support/hex.hpp"

namespace gk::edge {
namespace {

using test::bytes_of;

struct UdpLimitsTest : UdpRelayTest {};

TEST_F(UdpLimitsTest, PlayersWhoHaveProvedNothingHaveRoomForSoMany) {
    auto relay = relay_of(up(), {.unconfirmed_max = 2, .unconfirmed = 50ms});
    ann.send("a1", relay->local());
    EXPECT_EQ(next(game), bytes_of("a1"));
    const auto ann_there = game.last_from;
    bob.send("b1", relay->local());
    EXPECT_EQ(next(game), bytes_of("b1"));
    Peer carl;
    carl.send("c1", relay->local());
    settle();
    EXPECT_EQ(relay->counts().refused_full, 1U);

    game.send("welcome", ann_there);
    next(ann);
    ann.send("a2", relay->local());
    EXPECT_EQ(next(game), bytes_of("a2"));
    carl.send("c2", relay->local());
    EXPECT_EQ(next(game), bytes_of("c2")) << "Ann is known now, and takes nobody's room";

    // What another one goes on with is counted alike.
    auto left = relay->release();
    relay = std::move(*UdpRelay::open(loop, relay->route(), {.unconfirmed_max = 2, .unconfirmed = 50ms}, shared, {}, std::move(left)));
    Peer dora;
    dora.send("d1", relay->local());
    settle();
    EXPECT_EQ(relay->sessions(), 3U);
    pass(60ms);
    relay->sweep();
    EXPECT_EQ(relay->sessions(), 1U) << "Ann's";
    dora.send("d2", relay->local());
    EXPECT_EQ(next(game), bytes_of("d2"));
}

TEST_F(UdpLimitsTest, ASourceMayBeginSoManySessionsAndASessionSaySoMuch) {
    auto relay = relay_of(up(), {.new_per_source = {.per_minute = 0, .most = 2}, .datagrams = {.per_minute = 0, .most = 5}});
    for (int i = 0; i < 10; ++i) ann.send("x", relay->local());
    settle();
    int seen = 0;
    while (game.receive()) ++seen;
    EXPECT_EQ(seen, 5);
    EXPECT_EQ(relay->counts().too_many, 5U);
    Peer carl, dora("127.0.0.2:0");
    for (auto* player : {&bob, &carl, &dora}) player->send("x", relay->local());
    settle();
    EXPECT_EQ(relay->sessions(), 3U) << "Carl is one too many from there";
    EXPECT_EQ(relay->counts().too_many, 6U);
}

}  // namespace
}  // namespace gk::edge
