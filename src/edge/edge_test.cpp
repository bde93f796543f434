#include "edge/edge.hpp"

#include <condition_variable>
#include <mutex>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/hex.hpp"
#include "wire/probe/teeworlds.hpp"

namespace gk::edge {
namespace {

using namespace std::chrono_literals;

constexpr int patience_ms = 10'000;

const Endpoint anywhere = *Endpoint::parse("127.0.0.1:0");

// An address that was free a moment ago.
Endpoint free_place() { return local_endpoint(listen_datagrams(anywhere)->get()); }

std::string next(const Descriptor& socket, Endpoint* from = nullptr) {
    pollfd wait{.fd = socket.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, patience_ms) != 1) return "nothing came";
    std::array<char, 1000> text{};
    KernelAddress source;
    const auto size = ::recvfrom(socket.get(), text.data(), text.size(), 0, source.get(), &source.size);
    if (from != nullptr) *from = endpoint_of(source.storage);
    return size < 0 ? "refused" : std::string(text.data(), static_cast<std::size_t>(size));
}

void say(const Descriptor& socket, std::string_view text) { ASSERT_EQ(::send(socket.get(), text.data(), text.size(), 0), std::ssize(text)); }

struct EdgeTest : testing::Test {
    Route route(RouteState state = RouteState::up) const {
        return {.server = "castle", .listen = door, .state = state, .upstream = local_endpoint(game.get())};
    }
    RouteTable table(Route route) { return {.epoch = 1, .number = ++number, .datagrams = {std::move(route)}}; }
    std::size_t sessions() {
        std::size_t sum = 0;
        for (const auto& counts : edge.counts()) sum += counts.sessions;
        return sum;
    }
    // The server that was woken next; empty when none was.
    std::string woken() {
        std::unique_lock lock(hearing);
        if (!heard.wait_for(lock, std::chrono::milliseconds(patience_ms), [this] { return !calls.empty(); })) return "";
        return calls.back().server;
    }

    std::mutex hearing;
    std::condition_variable heard;
    std::vector<WakeCall> calls;
    Endpoint door = free_place();
    Descriptor game = std::move(*listen_datagrams(anywhere));
    std::uint64_t number = 0;
    // All our players share one address, from which many at once are answered no more than so often.
    static Limits limits() {
        Limits limits;
        limits.answers.answers = {.per_minute = 60'000, .most = 1'000};
        return limits;
    }
    Edge edge{2, limits(), [this](WakeCall call) {
                  const std::scoped_lock lock(hearing);
                  calls.push_back(std::move(call));
                  heard.notify_one();
              }};
};

TEST_F(EdgeTest, RelaysManyPlayersOnAllLoops) {
    EXPECT_TRUE(edge.apply(table(route())).empty());
    std::vector<Descriptor> players;
    std::set<Endpoint> known;
    for (int i = 0; i < 50; ++i) {
        players.push_back(std::move(*connect_datagrams(door)));
        say(players.back(), std::to_string(i));
        Endpoint from;
        EXPECT_EQ(next(game, &from), std::to_string(i));
        known.insert(from);
        const auto back = kernel_address(from, AF_INET);
        ASSERT_EQ(::sendto(game.get(), "hi", 2, 0, back.get(), back.size), 2);
        EXPECT_EQ(next(players.back()), "hi");
    }
    EXPECT_EQ(known.size(), 50u) << "the game tells them apart";
    EXPECT_EQ(sessions(), 50u);
    ASSERT_EQ(edge.counts().size(), 1u) << "the loops' parts are added";
    EXPECT_EQ(edge.counts().front().udp.from_players, 50u);
}

TEST_F(EdgeTest, AnswersFromTheAddressThatWasAsked) {
    const auto ann = std::move(*listen_datagrams(anywhere));
    for (const auto* everywhere : {"0.0.0.0", "::"}) {
        auto castle = route();
        castle.listen.address = *wake::Address::parse(everywhere);
        auto tower = route(RouteState::asleep);
        tower.server = "tower";
        tower.protocol = GameProtocol::teeworlds;
        tower.listen = {.address = castle.listen.address, .port = free_place().port};
        auto both = table(castle);
        both.datagrams.push_back(tower);
        ASSERT_TRUE(edge.apply(both).empty());
        // Another one of this machine's addresses than the one from which the kernel would answer.
        const auto ask = [&](ByteSpan question, std::uint16_t port) {
            const auto to = kernel_address({.address = *wake::Address::parse("127.0.0.2"), .port = port}, AF_INET);
            ASSERT_EQ(::sendto(ann.get(), question.data(), question.size(), 0, to.get(), to.size), std::ssize(question));
        };
        Endpoint from;
        ask(as_byte_span("hello"), door.port);
        EXPECT_EQ(next(game, &from), "hello");
        const auto back = kernel_address(from, AF_INET);
        ASSERT_EQ(::sendto(game.get(), "hi", 2, 0, back.get(), back.size), 2);
        EXPECT_EQ(next(ann, &from), "hi");
        EXPECT_EQ(from.text(), fmt::format("127.0.0.2:{}", door.port)) << everywhere;
        ask(wire::probe::teeworlds::token_request({}), tower.listen.port);
        EXPECT_NE(next(ann, &from), "nothing came");
        EXPECT_EQ(from.text(), fmt::format("127.0.0.2:{}", tower.listen.port)) << "the edge itself";
    }
}

TEST_F(EdgeTest, WhoIsBannedLeavesAtOnceAndIsHeardByNoRoute) {
    const auto far = std::move(*listen_datagrams(*Endpoint::parse("127.0.0.2:0")));
    const auto ann = std::move(*connect_datagrams(door));
    const auto say_far = [&](std::string_view text, const Endpoint& at) {
        const auto to = kernel_address(at, AF_INET);
        ASSERT_EQ(::sendto(far.get(), text.data(), text.size(), 0, to.get(), to.size), std::ssize(text));
    };
    edge.apply(table(route()));
    say_far("far", door);
    EXPECT_EQ(next(game), "far");
    say(ann, "ann");
    EXPECT_EQ(next(game), "ann");

    auto banned = table(route());
    banned.bans = {{.block = *wake::Block::parse("127.0.0.2")}};
    edge.apply(banned);
    EXPECT_EQ(sessions(), 1u);
    // Another route, and the same bans.
    auto more = banned;
    more.number = ++number;
    more.datagrams.push_back(route());
    more.datagrams.back().server = "tower";
    more.datagrams.back().listen = free_place();
    edge.apply(more);
    say_far("again", door);
    say_far("there too", more.datagrams.back().listen);
    say(ann, "still here");
    EXPECT_EQ(next(game), "still here") << "and nothing of him before";
    EXPECT_EQ(sessions(), 1u);

    edge.apply(table(route()));
    say_far("back", door);
    EXPECT_EQ(next(game), "back");
}

TEST_F(EdgeTest, ANewTableLeavesSessionsOfRoutesThatStay) {
    edge.apply(table(route()));
    const auto ann = std::move(*connect_datagrams(door));
    say(ann, "first");
    Endpoint before;
    EXPECT_EQ(next(game, &before), "first");

    auto more = table(route());
    more.datagrams.push_back({.server = "tower", .listen = free_place(), .state = RouteState::asleep});
    edge.apply(more);

    say(ann, "second");
    Endpoint after;
    EXPECT_EQ(next(game, &after), "second");
    EXPECT_EQ(before, after);
    EXPECT_EQ(edge.counts().size(), 2u);
}

TEST_F(EdgeTest, WhoIsNotInTheTableIsNotListenedForAnyMore) {
    edge.apply(table(route()));
    const auto ann = std::move(*connect_datagrams(door));
    say(ann, "first");
    EXPECT_EQ(next(game), "first");

    edge.apply({.epoch = 1, .number = ++number});

    EXPECT_EQ(sessions(), 0u);
    say(ann, "second");
    EXPECT_EQ(next(ann), "refused") << "the kernel says that nobody is there";
}

TEST_F(EdgeTest, AnAddressThatGoesToAnotherServerTakesNoPlayersAlong) {
    edge.apply(table(route()));
    const auto ann = std::move(*connect_datagrams(door));
    say(ann, "first");
    EXPECT_EQ(next(game), "first");

    const auto other = std::move(*listen_datagrams(anywhere));
    auto moved = route();
    moved.server = "tower";
    moved.upstream = local_endpoint(other.get());
    edge.apply(table(moved));

    EXPECT_EQ(sessions(), 0u);
    say(ann, "second");
    EXPECT_EQ(next(other), "second");
}

TEST_F(EdgeTest, SaysOnceWhatCannotBeListenedForAndDoesTheRest) {
    const Descriptor taken(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto address = kernel_address(anywhere, AF_INET);
    ASSERT_EQ(::bind(taken.get(), address.get(), address.size), 0);
    auto both = table(route());
    both.datagrams.push_back({.server = "tower", .listen = local_endpoint(taken.get())});

    const auto wrong = edge.apply(both);

    ASSERT_EQ(wrong.size(), 1u);
    EXPECT_TRUE(wrong[0].starts_with("the players of 'tower' cannot be listened for: ")) << wrong[0];
    const auto ann = std::move(*connect_datagrams(door));
    say(ann, "first");
    EXPECT_EQ(next(game), "first");
}

TEST_F(EdgeTest, AsksForAServerThatSleepsAndReplaysWhatWasSaid) {
    auto asleep = route(RouteState::asleep);
    asleep.rule.knocks_needed = 1;
    edge.apply(table(asleep));
    const auto ann = std::move(*connect_datagrams(door));
    say(ann, "let me in");

    EXPECT_EQ(woken(), "castle");

    edge.apply(table(route()));
    EXPECT_EQ(next(game), "let me in");
}

TEST_F(EdgeTest, RelaysStreams) {
    const auto place = std::move(*listen_streams(anywhere));
    const auto streams = local_endpoint(listen_streams(anywhere)->get());
    auto castle = route();
    castle.upstream = local_endpoint(place.get());
    edge.apply({.epoch = 1, .number = 1, .streams = {{.listen = streams, .routes = {castle}}}});

    const auto ann = std::move(*connect_stream(streams));
    pollfd wait{.fd = place.get(), .events = POLLIN, .revents = 0};
    ASSERT_EQ(::poll(&wait, 1, patience_ms), 1);
    const Descriptor there(::accept4(place.get(), nullptr, nullptr, SOCK_CLOEXEC));
    say(there, "welcome");

    EXPECT_EQ(next(ann), "welcome");
    EXPECT_EQ(sessions(), 1u);
}

}  // namespace
}  // namespace gk::edge
