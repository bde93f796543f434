#include "edge/tcp_relay.hpp"

#include <cerrno>
#include <numeric>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/minecraft/frame.hpp"
#include "wire/opening/proxy_header.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using wire::minecraft::framed;

std::string text_of(ByteSpan bytes) { return std::string(as_text(bytes)); }

std::string string_of(std::string_view text) { return static_cast<char>(text.size()) + std::string(text); }

// Protocol 47, which is one byte, and 25565.
std::string handshake(std::string_view host, char next) { return text_of(framed(as_byte_span("\0\x2f"s + string_of(host) + "\x63\xdd" + next))); }
std::string login(std::string_view host, std::string_view name) {
    return handshake(host, 2) + text_of(framed(as_byte_span("\0"s + string_of(name))));
}
const auto status_request = "\1\0"s;
const auto list_ping = "\x09\1"s + "ABCDEFGH";

struct TcpRelayTest : testing::Test {
    // One end of a stream.
    struct Peer {
        Descriptor socket;
        std::string came;
        bool has_ended = false;
        bool is_broken = false;
        void read() {
            char buffer[65536];
            while (socket && !has_ended && !is_broken) {
                const auto size = ::recv(socket.get(), buffer, sizeof buffer, MSG_DONTWAIT);
                if (size > 0) came.append(buffer, static_cast<std::size_t>(size));
                else if (size == 0) has_ended = true;
                else if (errno == EAGAIN) return;
                else is_broken = true;
            }
        }
        void send(std::string_view text) const { EXPECT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL), std::ssize(text)); }
    };

    std::unique_ptr<TcpRelay> relay_of(StreamProtocol protocol, std::vector<Route> routes, TcpLimits limits = {}, const char* at = "127.0.0.1:0") {
        auto relay = TcpRelay::open(
            loop, *Endpoint::parse(at), protocol, std::move(routes), limits,
            [this](const Route& route, const Endpoint&, std::string_view name) { wakes.push_back(route.server + " by " + std::string(name)); });
        return std::move(*relay);
    }
    Route asleep(std::string server = "Castle", std::vector<std::string> hosts = {}) const {
        return {.server = std::move(server), .hosts = std::move(hosts), .face = {.title = "Sleeping", .version = "1.8", .players_max = 20}};
    }
    Route up(std::string server = "Castle", std::vector<std::string> hosts = {}) const {
        auto route = asleep(std::move(server), std::move(hosts));
        route.state = RouteState::up;
        route.upstream = local_endpoint(game.get());
        return route;
    }
    Peer connect(const TcpRelay& relay) const { return {.socket = std::move(*connect_stream(relay.local())), .came = {}}; }
    Peer connect_and_send(const TcpRelay& relay, std::string_view text) {
        auto peer = connect(relay);
        settle();
        peer.send(text);
        settle();
        return peer;
    }
    // The game's end of a relayed stream.
    Peer accept() {
        Peer peer;
        EXPECT_TRUE(turn([&] {
            peer.socket.reset(::accept4(game.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
            return static_cast<bool>(peer.socket);
        })) << "nobody came";
        return peer;
    }
    template <class Until>
    bool turn(Until until, Milliseconds most = 3s) {
        loop.turn(0ms);  // The time counts from now, not from the last turn.
        for (const auto end = loop.now() + most; loop.now() < end; loop.turn(5ms)) {
            if (until()) return true;
        }
        return false;
    }
    bool gets(Peer& peer, std::string_view text) {
        return turn([&] {
            peer.read();
            return peer.came == text;
        });
    }
    bool ends(Peer& peer) {
        return turn([&] {
            peer.read();
            return peer.has_ended || peer.is_broken;
        });
    }
    void settle() {
        for (int i = 0; i < 5; ++i) loop.turn(0ms);
    }
    void pass(Milliseconds time) {
        turn([] { return false; }, time);
    }

    Loop loop;
    Descriptor game = std::move(*listen_streams(*Endpoint::parse("127.0.0.1:0")));
    std::vector<std::string> wakes;
};

TEST_F(TcpRelayTest, RelaysBothWaysAndPassesEachEndOn) {
    auto relay = relay_of(StreamProtocol::generic, {up()});
    auto ann = connect(*relay);
    auto there = accept();
    there.send("welcome");
    EXPECT_TRUE(gets(ann, "welcome")) << "a game may speak first";
    ann.send("question");
    ::shutdown(ann.socket.get(), SHUT_WR);
    EXPECT_TRUE(gets(there, "question"));
    EXPECT_TRUE(ends(there));
    there.send(" and answer");
    EXPECT_TRUE(gets(ann, "welcome and answer")) << "half-closed only";
    EXPECT_FALSE(ann.has_ended);
    there.socket.reset();
    EXPECT_TRUE(ends(ann));
    EXPECT_TRUE(turn([&] { return relay->sessions() == 0; }));
}

TEST_F(TcpRelayTest, LosesNothingToASlowReader) {
    auto relay = relay_of(StreamProtocol::generic, {up()});
    auto ann = connect(*relay);
    auto there = accept();
    std::vector<std::uint32_t> numbers(8 * 1024 * 1024);
    std::iota(numbers.begin(), numbers.end(), 0U);
    const auto sent = text_of(std::as_bytes(std::span(numbers)));
    std::size_t at = 0;
    // Nobody reads: what is under way is bounded by the kernel's buffers and 16 KiB.
    const auto push = [&] {
        const auto size = ::send(there.socket.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        at += static_cast<std::size_t>(std::max<ssize_t>(size, 0));
    };
    turn([&] { return push(), false; }, 100ms);
    EXPECT_LT(at, sent.size());
    EXPECT_TRUE(turn(
        [&] {
            push();
            ann.read();
            return ann.came.size() == sent.size();
        },
        30s));
    EXPECT_TRUE(ann.came == sent);
}

TEST_F(TcpRelayTest, AListPingNeverWakes) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep()});
    for (int i = 0; i < 20; ++i) {
        auto ann = connect_and_send(*relay, handshake("castle", 1) + status_request + list_ping);
        EXPECT_TRUE(ends(ann));
        EXPECT_NE(ann.came.find(R"("description":{"text":"Sleeping"})"), std::string::npos) << ann.came;
        EXPECT_TRUE(ann.came.ends_with(list_ping));
    }
    EXPECT_TRUE(wakes.empty());
    EXPECT_EQ(relay->counts().answered, 20U);
    EXPECT_TRUE(turn([&] { return relay->sessions() == 0; })) << "each client has gone";
}

TEST_F(TcpRelayTest, ALegacyPingIsAnsweredWhenNothingFollows) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep()}, {.quiet = 20ms});
    auto ann = connect_and_send(*relay, "\xfe\x01");
    pass(40ms);
    relay->sweep();
    EXPECT_TRUE(ends(ann));
    EXPECT_TRUE(ann.came.starts_with("\xff"));
    EXPECT_TRUE(wakes.empty());
}

TEST_F(TcpRelayTest, AnOpeningInPiecesWakesIsHeldAndReplayedByteForByte) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep("Castle", {"castle.example.org"}), asleep("Tower", {"tower.example.org"})});
    auto ann = connect(*relay);
    settle();
    const auto sent = login("Castle.Example.org.\0FML3\0"s, "ann");
    for (const char byte : sent) {
        EXPECT_TRUE(wakes.empty());
        ann.send({&byte, 1});
        settle();
    }
    EXPECT_EQ(wakes, std::vector<std::string>{"Castle by ann"});
    auto bob = connect_and_send(*relay, login("castle.example.org", "bob"));
    EXPECT_EQ(wakes.size(), 1U) << "once";
    ann.send("and more");

    relay->update({up("Castle", {"castle.example.org"}), asleep("Tower", {"tower.example.org"})});
    auto there = accept();
    auto bobs = accept();
    EXPECT_TRUE(gets(there, sent + "and more"));
    EXPECT_TRUE(gets(bobs, login("castle.example.org", "bob")));
    const auto relayed = relay->first_relayed();
    EXPECT_TRUE(relayed.contains("Castle"));
    EXPECT_FALSE(relayed.contains("Tower"));
    relay->update({asleep("Castle", {"castle.example.org"}), asleep("Tower", {"tower.example.org"})});
    EXPECT_TRUE(relay->first_relayed().empty()) << "of the next wake nothing was yet";
}

TEST_F(TcpRelayTest, TellsThePlayerHowLongItTakes) {
    auto route = asleep();
    route.ready_in = 40s;
    auto relay = relay_of(StreamProtocol::minecraft, {route});
    auto ann = connect_and_send(*relay, login("castle", "ann"));
    EXPECT_TRUE(ends(ann));
    EXPECT_NE(ann.came.find("Castle is waking up. Join again in about 40 seconds."), std::string::npos);
    EXPECT_EQ(wakes.size(), 1U) << "it wakes up all the same";
}

TEST_F(TcpRelayTest, HoldsNobodyLongerThanHeWaits) {
    auto route = asleep();
    route.rule.patience = 50ms;
    auto relay = relay_of(StreamProtocol::minecraft, {route});
    auto ann = connect_and_send(*relay, login("castle", "ann"));
    pass(80ms);
    relay->sweep();
    EXPECT_TRUE(ends(ann));
    EXPECT_NE(ann.came.find("takes longer than usual"), std::string::npos);
}

TEST_F(TcpRelayTest, JunkAndUnknownNamesAreClosedAndWakeNobody) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep("Castle", {"castle.example.org"})});
    for (const auto& junk : {"GET / HTTP/1.1\r\nHost: castle.example.org\r\nUser-Agent: a scanner of ports\r\n\r\n"s, std::string(5000, 'x'),
                             login("203.0.113.7", "ann"), "\xff\xff\x7f"s}) {
        auto peer = connect_and_send(*relay, junk);
        EXPECT_TRUE(ends(peer));
    }
    EXPECT_TRUE(wakes.empty());
    EXPECT_EQ(relay->counts().junk, 4U);
    EXPECT_EQ(relay->sessions(), 0U);
}

TEST_F(TcpRelayTest, WhoSaysNothingIsDroppedAndTheOldestMakesRoom) {
    auto relay = relay_of(StreamProtocol::minecraft, {up()}, {.sessions_max = 3, .opening = 100ms});
    auto ann = connect_and_send(*relay, login("castle", "ann"));
    auto there = accept();
    auto first = connect(*relay), second = connect(*relay);
    settle();
    auto third = connect(*relay);
    EXPECT_TRUE(ends(first)) << "the oldest that has not said what it wants";
    EXPECT_EQ(relay->sessions(), 3U);
    pass(120ms);
    relay->sweep();
    EXPECT_TRUE(ends(second));
    EXPECT_TRUE(ends(third));
    there.send("still here");
    EXPECT_TRUE(gets(ann, "still here"));
}

TEST_F(TcpRelayTest, BoundsTheSessionsOfASource) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep()}, {.sessions_per_source_max = 2});
    auto first = connect(*relay), second = connect(*relay);
    settle();
    auto third = connect(*relay);
    EXPECT_TRUE(ends(third));
    EXPECT_EQ(relay->sessions(), 2U);
    first.socket.reset();
    EXPECT_TRUE(turn([&] { return relay->sessions() == 1; })) << "who has gone is not counted";
}

TEST_F(TcpRelayTest, BannedPlayersLeaveAndAreNotLetIn) {
    auto relay = relay_of(StreamProtocol::generic, {up()});
    auto ann = connect(*relay);
    auto there = accept();
    there.send("welcome");
    EXPECT_TRUE(gets(ann, "welcome"));

    relay->bar(std::make_shared<const std::vector<wake::Ban>>(std::vector{wake::Ban{.block = *wake::Block::parse("127.0.0.0/8")}}));

    EXPECT_TRUE(ends(ann));
    EXPECT_TRUE(ends(there));
    auto again = connect(*relay);
    EXPECT_TRUE(ends(again));
    EXPECT_EQ(relay->sessions(), 0U);
}

TEST_F(TcpRelayTest, NoticesADeadGameAtOnce) {
    auto relay = relay_of(StreamProtocol::generic, {up()});
    game.reset();
    auto ann = connect(*relay);
    EXPECT_TRUE(ends(ann));
    EXPECT_EQ(relay->counts().upstream_lost, 1U);
}

TEST_F(TcpRelayTest, RelaysBetweenBothFamilies) {
    auto relay = relay_of(StreamProtocol::generic, {up()}, {}, "[::]:0");
    for (const auto* address : {"127.0.0.1", "::1"}) {
        Peer ann{.socket = std::move(*connect_stream({.address = *wake::Address::parse(address), .port = relay->local().port})), .came = {}};
        auto there = accept();
        there.send("hello");
        EXPECT_TRUE(gets(ann, "hello")) << address;
    }
}

const auto proxy_header = "PROXY TCP4 203.0.113.7 198.51.100.1 4000 25565\r\n"s;

struct TcpProxyTest : TcpRelayTest {
    Route behind_a_proxy(Route route) const {
        route.proxy_from = {*wake::Block::parse("127.0.0.0/8")};
        return route;
    }
};

TEST_F(TcpProxyTest, APlayerIsWhoTheProxySaysAndTheGameIsToldSo) {
    auto route = behind_a_proxy(up());
    route.proxy_to = ProxyTo::v1;
    auto relay = relay_of(StreamProtocol::generic, {route});
    auto ann = connect(*relay);
    for (const char byte : proxy_header) {
        ann.send({&byte, 1});
        settle();
    }
    auto there = accept();
    EXPECT_TRUE(gets(there, proxy_header)) << "before anything was said: the game may speak first";
    ann.send("hello");
    EXPECT_TRUE(gets(there, proxy_header + "hello"));
}

TEST_F(TcpProxyTest, TheHostThatWasAskedForIsSaid) {
    auto route = up("Castle", {"castle"});
    route.proxy_to = ProxyTo::v2;
    auto relay = relay_of(StreamProtocol::minecraft, {route});
    auto ann = connect_and_send(*relay, login("castle", "ann"));
    auto there = accept();
    EXPECT_TRUE(turn([&] {
        there.read();
        return there.came.ends_with(login("castle", "ann"));
    }));
    const auto header = wire::opening::parse_proxy_header(as_byte_span(there.came));
    ASSERT_TRUE(header);
    const auto& player = std::get<wire::opening::Proxied>(header->who);
    EXPECT_EQ(player.authority, "castle");
    EXPECT_EQ(player.source.port, local_endpoint(ann.socket.get()).port);
    EXPECT_EQ(player.destination.port, relay->local().port);
    EXPECT_EQ(header->size + login("castle", "ann").size(), there.came.size());
}

TEST_F(TcpProxyTest, AJoinBehindAProxyIsThePlayers) {
    auto route = behind_a_proxy(asleep());
    route.rule = {.admission = wake::Admission::allow_list, .names = {}, .blocks = {*wake::Block::parse("203.0.113.0/24")}};
    auto relay = relay_of(StreamProtocol::minecraft, {route});
    auto ann = connect_and_send(*relay, proxy_header + login("castle", "ann"));
    EXPECT_EQ(wakes, std::vector<std::string>{"Castle by ann"});
}

TEST_F(TcpProxyTest, WhoHasToIntroduceAndDoesNotIsSentAway) {
    auto relay = relay_of(StreamProtocol::generic, {behind_a_proxy(up())}, {.introduction = 50ms});
    auto ann = connect_and_send(*relay, "hello");
    EXPECT_TRUE(ends(ann));
    EXPECT_EQ(relay->counts().junk, 1U);
    auto bob = connect(*relay);
    settle();
    pass(80ms);
    relay->sweep();
    EXPECT_TRUE(ends(bob));
    EXPECT_EQ(relay->counts().dropped_waiting, 1U);
}

TEST_F(TcpProxyTest, NobodyElseIsBelieved) {
    auto relay = relay_of(StreamProtocol::generic, {up()});
    auto ann = connect_and_send(*relay, proxy_header);
    auto there = accept();
    EXPECT_TRUE(gets(there, proxy_header)) << "it may be what this game says";
}

TEST_F(TcpProxyTest, PlayersAreCountedAndNotTheirProxy) {
    auto relay = relay_of(StreamProtocol::minecraft, {behind_a_proxy(asleep())}, {.sessions_per_source_max = 1});
    auto first = connect_and_send(*relay, proxy_header);
    auto second = connect_and_send(*relay, "PROXY TCP4 203.0.113.8 198.51.100.1 4000 25565\r\n");
    EXPECT_EQ(relay->sessions(), 2U);
    auto third = connect_and_send(*relay, proxy_header);
    EXPECT_TRUE(ends(third));
    EXPECT_EQ(relay->counts().refused_full, 1U);
}

TEST_F(TcpRelayTest, ASourceMayComeSoOften) {
    auto relay = relay_of(StreamProtocol::minecraft, {asleep()}, {.new_per_source = {.per_minute = 0, .most = 2}});
    auto first = connect(*relay), second = connect(*relay);
    settle();
    first.socket.reset();
    auto third = connect(*relay);
    EXPECT_TRUE(ends(third));
    EXPECT_EQ(relay->counts().too_many, 1U);
}

TEST_F(TcpRelayTest, ADrainKeepsWhoPlaysAndSendsTheOthersAway) {
    auto relay = relay_of(StreamProtocol::minecraft, {up("Castle", {"castle"}), asleep("Tower", {"tower"})});
    auto ann = connect_and_send(*relay, login("castle", "ann"));
    auto there = accept();
    auto bob = connect_and_send(*relay, login("tower", "bob")), carl = connect(*relay);
    settle();
    relay->drain();
    EXPECT_TRUE(ends(bob));
    EXPECT_NE(bob.came.find("Join again in a moment"), std::string::npos) << "with a text";
    EXPECT_TRUE(ends(carl));
    auto late = connect(*relay);
    EXPECT_TRUE(ends(late)) << "nobody listens";
    there.send("still here");
    EXPECT_TRUE(gets(ann, "still here"));
    there.socket.reset();
    EXPECT_TRUE(ends(ann));
    bob.socket.reset();
    EXPECT_TRUE(turn([&] { return relay->sessions() == 0; }));
}

}  // namespace
}  // namespace gk::edge
