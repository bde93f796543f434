#include "edge/proxy.hpp"
#include "edge/udp_relay_fixture.hpp"
#include "tests/support/hex.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
using test::bytes_of;
using test::from_hex;
namespace teeworlds = wire::probe::teeworlds;

TEST_F(UdpRelayTest, RelaysBothWaysAndTellsPlayersApart) {
    auto relay = relay_of(up());
    ann.send("a1", relay->local());
    EXPECT_EQ(next(game), bytes_of("a1"));
    const auto ann_there = game.last_from;
    bob.send("b1", relay->local());
    EXPECT_EQ(next(game), bytes_of("b1"));
    EXPECT_NE(game.last_from, ann_there);
    game.send("to ann", ann_there);
    game.send("to bob", game.last_from);
    EXPECT_EQ(next(ann), bytes_of("to ann"));
    EXPECT_EQ(ann.last_from, relay->local()) << "from the address that the player knows";
    EXPECT_EQ(next(bob), bytes_of("to bob"));
    EXPECT_EQ(relay->sessions(), 2U);
    EXPECT_TRUE(wakes.empty());
}

TEST_F(UdpRelayTest, RelaysBetweenBothFamilies) {
    auto relay = relay_of(up(), {}, "[::]:0");
    Peer six("[::1]:0");
    const Endpoint over_four{.address = *wake::Address::parse("127.0.0.1"), .port = relay->local().port};
    const Endpoint over_six{.address = *wake::Address::parse("::1"), .port = relay->local().port};
    ann.send("four", over_four);
    EXPECT_EQ(next(game), bytes_of("four"));
    game.send("back", game.last_from);
    EXPECT_EQ(next(ann), bytes_of("back"));
    six.send("six", over_six);
    EXPECT_EQ(next(game), bytes_of("six"));
    game.send("back", game.last_from);
    EXPECT_EQ(next(six), bytes_of("back"));
}

TEST_F(UdpRelayTest, HoldsWhatAJoinSaysAndReplaysItInOrder) {
    auto relay = relay_of({.protocol = GameProtocol::minetest});
    const auto hello = from_hex("4f45740300000003ffdc010000");
    const auto introduction = from_hex("4f4574030000010100021d0000002500290003616e6e");
    ann.send(hello, relay->local());
    pass(220ms);
    EXPECT_TRUE(wakes.empty());
    ann.send(introduction, relay->local());
    settle();
    EXPECT_EQ(wakes, std::vector<std::string>{"Castle by 127.0.0.1 ann"});
    ann.send(introduction, relay->local());
    settle();
    EXPECT_EQ(wakes.size(), 1U) << "once";
    EXPECT_FALSE(game.receive());

    wake_up(*relay);
    EXPECT_EQ(next(game), introduction);
    ann.send(hello, relay->local());
    EXPECT_EQ(next(game), hello);
    EXPECT_EQ(relay->held(), 0U);
}

TEST_F(UdpRelayTest, TenPlayersWakeOnce) {
    auto relay = relay_of({.rule = {.knocks_needed = 1}});
    std::vector<std::unique_ptr<Peer>> players;
    for (int i = 0; i < 10; ++i) {
        players.push_back(std::make_unique<Peer>());
        players.back()->send("join " + std::to_string(i), relay->local());
    }
    settle();
    EXPECT_EQ(wakes.size(), 1U);
    EXPECT_EQ(relay->held(), 10U);
    wake_up(*relay);
    std::vector<std::string> seen;
    for (int i = 0; i < 10; ++i) seen.emplace_back(as_text(next(game)));
    std::ranges::sort(seen);
    EXPECT_EQ(seen.front(), "join 0");
    EXPECT_EQ(seen.back(), "join 9");
}

TEST_F(UdpRelayTest, KnowsWhenItFirstRelayedAfterEachWake) {
    auto relay = relay_of({.rule = {.knocks_needed = 1}});
    ann.send("join", relay->local());
    settle();
    EXPECT_EQ(relay->first_relayed(), std::nullopt) << "held";
    const auto before = loop.now();
    wake_up(*relay);
    ASSERT_TRUE(relay->first_relayed());
    EXPECT_GE(*relay->first_relayed(), before);
    const auto first = relay->first_relayed();
    pass(20ms);
    bob.send("join", relay->local());
    settle();
    EXPECT_EQ(relay->first_relayed(), first) << "who comes later is not the first";
    auto asleep = relay->route();
    asleep.state = RouteState::asleep;
    relay->update(asleep);
    EXPECT_EQ(relay->first_relayed(), std::nullopt);
}

TEST_F(UdpRelayTest, HoldsNoMoreThanItsBound) {
    auto relay = relay_of({.rule = {.knocks_needed = 1}});
    for (char c = 'a'; c < 'h'; ++c) ann.send(std::string(1000, c), relay->local());
    settle();
    wake_up(*relay);
    settle();
    std::size_t bytes = 0;
    while (const auto datagram = game.receive()) bytes += datagram->size();
    EXPECT_EQ(bytes, 4000U);
}

TEST_F(UdpRelayTest, ForgetsWhatWasHeldTooLong) {
    auto relay = relay_of({.rule = {.knocks_needed = 1, .patience = 50ms}});
    ann.send("join", relay->local());
    settle();
    EXPECT_EQ(relay->held(), 1U);
    pass(80ms);
    relay->sweep();
    EXPECT_EQ(relay->held(), 0U);
}

TEST_F(UdpRelayTest, AnswersListsWhileAsleepWithinTheBudget) {
    auto relay = relay_of({.protocol = GameProtocol::quake3, .face = {.title = "Castle", .map = "", .game_type = "", .version = ""}});
    const auto question = bytes_of("\xff\xff\xff\xffgetinfo xyz");
    ann.send(question, relay->local());
    EXPECT_TRUE(as_text(next(ann)).starts_with("\xff\xff\xff\xffinfoResponse\n"));
    for (int i = 0; i < 1000; ++i) ann.send(question, relay->local());
    pass(100ms);
    int answers = 0;
    while (ann.receive()) ++answers;
    EXPECT_LE(answers, 12) << "ten at once and ten a second";
    EXPECT_TRUE(wakes.empty());
}

TEST_F(UdpRelayTest, TeeworldsJoinsThroughATokenOfOurs) {
    auto relay = relay_of({.protocol = GameProtocol::teeworlds});
    const teeworlds::Token own{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
    const teeworlds::Token games{std::byte{9}, std::byte{8}, std::byte{7}, std::byte{6}};
    ann.send(teeworlds::token_request(own), relay->local());
    const auto ours = teeworlds::parse_token(next(ann), own);
    ASSERT_TRUE(ours);
    EXPECT_TRUE(wakes.empty()) << "lists ask for tokens too";
    auto connect = teeworlds::token_request(own);
    std::ranges::copy(*ours, connect.begin() + 3);
    connect[7] = std::byte{1};
    ann.send(connect, relay->local());
    settle();
    ASSERT_EQ(wakes.size(), 1U) << "at once: it has proved where it is";

    wake_up(*relay);
    EXPECT_EQ(next(game), teeworlds::token_request(own)) << "asked in the player's name";
    game.send(teeworlds::token_reply(own, games), game.last_from);
    auto expected = connect;
    std::ranges::copy(games, expected.begin() + 3);
    EXPECT_EQ(next(game), expected) << "the connection, with the token that the game knows";
    game.send("accepted", game.last_from);
    EXPECT_EQ(next(ann), bytes_of("accepted"));
    EXPECT_FALSE(ann.receive()) << "the game's token is not for the player";
}

TEST_F(UdpRelayTest, NoticesADeadGameAtOnce) {
    auto relay = relay_of(up());
    ann.send("a1", relay->local());
    EXPECT_EQ(next(game), bytes_of("a1"));
    game.close();
    ann.send("a2", relay->local());
    settle();
    EXPECT_EQ(relay->counts().upstream_lost, 1U);
    EXPECT_EQ(relay->sessions(), 0U);
}

TEST_F(UdpRelayTest, BoundsSessionsPerSourceAndInAll) {
    auto relay = relay_of(up(), {.sessions_max = 3, .sessions_per_source_max = 2});
    Peer carl, dora("127.0.0.2:0"), emil("127.0.0.3:0");
    for (auto* player : {&ann, &bob, &carl, &dora, &emil}) player->send("x", relay->local());
    settle();
    EXPECT_EQ(relay->sessions(), 3U);
    EXPECT_EQ(relay->counts().refused_full, 2U);
    ann.send("y", relay->local());
    settle();
    int seen = 0;
    while (game.receive()) ++seen;
    EXPECT_EQ(seen, 4) << "who is in goes on";
}

TEST_F(UdpRelayTest, ASpoofedSourceGetsLittleAndIsForgottenSoon) {
    auto relay = relay_of(up(), {.unconfirmed = 50ms});
    ann.send("who is there?", relay->local());
    EXPECT_EQ(next(game), bytes_of("who is there?"));
    const auto there = game.last_from;
    for (int i = 0; i < 50; ++i) game.send(std::string(1000, 'x'), there);
    settle();
    int answers = 0;
    while (ann.receive()) ++answers;
    EXPECT_EQ(answers, 2) << "2 KiB a second";
    pass(80ms);
    relay->sweep();
    EXPECT_EQ(relay->sessions(), 0U);
}

TEST_F(UdpRelayTest, APlayerWhoAnsweredGetsEverything) {
    auto relay = relay_of(up(), {.unconfirmed = 50ms});
    ann.send("1", relay->local());
    next(game);
    game.send("2", game.last_from);
    EXPECT_EQ(next(ann), bytes_of("2"));
    ann.send("3", relay->local());
    next(game);
    for (int i = 0; i < 50; ++i) game.send(std::string(1000, 'x'), game.last_from);
    settle();
    int answers = 0;
    while (ann.receive()) ++answers;
    EXPECT_EQ(answers, 50);
    pass(80ms);
    relay->sweep();
    EXPECT_EQ(relay->sessions(), 1U);
}

TEST_F(UdpRelayTest, APlayerStaysWithTheGameHeTalksTo) {
    auto relay = relay_of(up());
    ann.send("a1", relay->local());
    next(game);
    Peer another;
    auto moved = relay->route();
    moved.upstream = another.at();
    relay->update(moved);
    ann.send("a2", relay->local());
    EXPECT_EQ(next(game), bytes_of("a2"));
    bob.send("b1", relay->local());
    EXPECT_EQ(next(another), bytes_of("b1"));
}

TEST_F(UdpRelayTest, ADrainKeepsWhoPlaysAndLetsNobodyElseIn) {
    auto relay = relay_of(up(), {.idle_in_drain = 50ms});
    ann.send("1", relay->local());
    next(game);
    game.send("2", game.last_from);
    next(ann);
    relay->drain();
    bob.send("too late", relay->local());
    ann.send("3", relay->local());
    EXPECT_EQ(next(game), bytes_of("3"));
    EXPECT_EQ(relay->sessions(), 1U);
    pass(80ms);
    relay->sweep();
    EXPECT_EQ(relay->sessions(), 0U) << "who is silent has left";
}

TEST_F(UdpRelayTest, SaysWhereItCannotListen) {
    const auto relay = UdpRelay::open(loop, {.server = "Castle", .listen = *Endpoint::parse("203.0.113.7:1"), .face = {}}, {}, shared, {});
    ASSERT_FALSE(relay);
    EXPECT_EQ(relay.error(), "cannot listen at 203.0.113.7:1: Cannot assign requested address");
}

// What a proxy in front of us says of a player.
Bytes introduced(std::string_view words, const char* source = "203.0.113.7:4000") {
    auto out = introduction(ProxyTo::v2, wire::opening::Transport::datagram, *Endpoint::parse(source), *Endpoint::parse("198.51.100.1:30000"), {});
    const auto said = as_byte_span(words);
    out.insert(out.end(), said.begin(), said.end());
    return out;
}

struct UdpProxyTest : UdpRelayTest {
    Route behind_a_proxy(RouteState state) const {
        auto route = up();
        route.state = state;
        route.rule.knocks_needed = 1;
        route.proxy_from = {*wake::Block::parse("127.0.0.1")};
        return route;
    }
};

TEST_F(UdpProxyTest, APlayerIsWhoTheProxySaysAndTheGameIsToldSo) {
    auto route = behind_a_proxy(RouteState::up);
    route.proxy_to = ProxyTo::v2;
    auto relay = relay_of(route, {.sessions_per_source_max = 1});
    ann.send(introduced("hi"), relay->local());
    EXPECT_EQ(next(game), introduced("hi"));
    game.send("back", game.last_from);
    EXPECT_EQ(next(ann), bytes_of("back"));
    ann.send("and more", relay->local());
    EXPECT_EQ(next(game), introduced("and more")) << "the first datagram was enough for us, and each one tells the game";
    bob.send(introduced("hi"), relay->local());
    settle();
    EXPECT_EQ(relay->counts().refused_full, 1U) << "the player is counted, not the proxy";
    bob.send(introduced("hi", "203.0.113.8:4000"), relay->local());
    EXPECT_EQ(next(game), introduced("hi", "203.0.113.8:4000"));
}

TEST_F(UdpProxyTest, AKnockIsThePlayersAndIsReplayedWithoutWhatTheProxySaid) {
    auto relay = relay_of(behind_a_proxy(RouteState::asleep));
    ann.send(introduced("let me in"), relay->local());
    settle();
    EXPECT_EQ(wakes, std::vector<std::string>{"Castle by 203.0.113.7 "});
    wake_up(*relay);
    EXPECT_EQ(next(game), bytes_of("let me in"));
}

TEST_F(UdpProxyTest, OnlyATrustedProxyIsBelievedAndItHasToIntroduce) {
    auto trusting = behind_a_proxy(RouteState::up);
    auto relay = relay_of(trusting);
    ann.send("who am I?", relay->local());
    settle();
    EXPECT_EQ(relay->counts().ignored, 1U);
    EXPECT_EQ(relay->sessions(), 0U);
    auto distrusting = relay_of(up());
    ann.send(introduced("hi"), distrusting->local());
    EXPECT_EQ(next(game), introduced("hi")) << "it may be what this game says";
}

struct UdpCopiesTest : UdpRelayTest {
    std::unique_ptr<UdpRelay> relay_with(CopyMode mode) {
        auto route = up();
        route.copies = wake::Copies{.mode = mode, .upstreams = {second.at()}};
        return relay_of(route);
    }
    std::vector<std::string> heard_by_ann() {
        settle();
        std::vector<std::string> out;
        while (const auto datagram = ann.receive()) out.emplace_back(as_text(*datagram));
        return out;
    }
    Peer second;
};

TEST_F(UdpCopiesTest, AShadowHearsEverythingAndNobodyHearsIt) {
    auto relay = relay_with(CopyMode::shadow);
    ann.send("one", relay->local());
    EXPECT_EQ(next(game), bytes_of("one"));
    EXPECT_EQ(next(second), bytes_of("one"));
    second.send("shadow", second.last_from);
    game.send("answer", game.last_from);
    EXPECT_EQ(heard_by_ann(), std::vector<std::string>{"answer"});
    second.close();
    for (const auto* word : {"two", "three"}) {
        ann.send(word, relay->local());
        EXPECT_EQ(next(game), bytes_of(word)) << "its end is nobody's";
    }
    game.close();
    ann.send("four", relay->local());
    settle();
    EXPECT_EQ(relay->sessions(), 0U) << "it takes nobody's place";
}

TEST_F(UdpCopiesTest, NothingIsLostAndNothingComesTwiceWhenThePrimaryDies) {
    auto relay = relay_with(CopyMode::failover);
    std::vector<std::string> expected, heard;
    bool is_dead = false;
    for (int i = 0; i < 100; ++i) {
        const auto word = std::to_string(i);
        expected.push_back(word);
        ann.send(word, relay->local());
        EXPECT_EQ(next(second), bytes_of(word));
        if (!is_dead) EXPECT_EQ(next(game), bytes_of(word));
        // It hears number 50, and dies before it has answered; the other one is sometimes ahead, sometimes late.
        is_dead = is_dead || i == 50;
        if (i == 50) game.close();
        if (i % 3 == 0) second.send(word, second.last_from);
        if (!is_dead) game.send(word, game.last_from);
        if (i % 3 != 0) second.send(word, second.last_from);
        for (auto& one : heard_by_ann()) heard.push_back(std::move(one));
    }
    EXPECT_EQ(heard, expected);
    EXPECT_EQ(relay->counts().switched, 1U);
    EXPECT_EQ(relay->counts().upstream_lost, 0U);
    EXPECT_EQ(relay->sessions(), 1U);
}

TEST_F(UdpCopiesTest, APrimaryThatFallsSilentIsLeftWithinASecond) {
    auto relay = relay_with(CopyMode::failover);
    ann.send("0", relay->local());
    next(second);
    next(game);
    game.send("0", game.last_from);
    second.send("0", second.last_from);
    EXPECT_EQ(heard_by_ann(), std::vector<std::string>{"0"});
    ann.send("and on", relay->local());  // So it is confirmed, and its budget is its own.
    const auto silent_since = loop.now();
    std::vector<std::string> expected, heard;
    for (int i = 1; i < 100 && heard.empty(); ++i) {
        expected.push_back(std::to_string(i));
        second.send(expected.back(), second.last_from);
        pass(50ms);
        relay->sweep();
        heard = heard_by_ann();
    }
    EXPECT_EQ(heard, expected) << "all that was said meanwhile";
    EXPECT_GE(loop.now() - silent_since, 500ms);
    EXPECT_EQ(relay->counts().switched, 1U);
}

}  // namespace
}  // namespace gk::edge
