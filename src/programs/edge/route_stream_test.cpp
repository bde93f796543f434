#include "programs/edge/route_stream.hpp"

#include <fstream>
#include <optional>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "adapters/edge/stream_edge_line.hpp"
#include "async/manual_clock.hpp"
#include "async/run.hpp"
#include "domain/wake/trace.hpp"
#include "edge/socket.hpp"
#include "programs/edge/interview.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::programs {
namespace {

namespace asio = boost::asio;

wake::RouteTable table_of(std::uint64_t epoch, std::uint64_t number, wake::RouteState state = wake::RouteState::asleep) {
    wake::RouteTable table{.epoch = epoch, .number = number, .datagrams = {}, .streams = {}};
    wake::Route route;
    route.server = "castle";
    route.listen = *wake::Endpoint::parse("127.0.0.1:0");
    route.state = state;
    table.datagrams.push_back(std::move(route));
    return table;
}

edge::WakeCall knock() { return {.server = "castle", .source = *wake::Endpoint::parse("203.0.113.7:4711"), .name = "ann"}; }

class EdgeFolderTest : public testing::Test {
protected:
    EdgeFolder open() { return EdgeFolder::open(folder + "/edge").value(); }
    test::TemporaryDirectory place_;
    std::string folder = place_.path().string();
};

TEST_F(EdgeFolderTest, KeepsTheLastTable) {
    const auto place = open();
    EXPECT_FALSE(place.table().value());
    ASSERT_TRUE(place.keep(table_of(3, 1)));
    ASSERT_TRUE(place.keep(table_of(3, 2)));
    const auto kept = open().table().value();
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->number, 2U);
    EXPECT_EQ(kept->datagrams.front().server, "castle");
}

TEST_F(EdgeFolderTest, SaysWhatIsWrongWithAFileThatIsNoTable) {
    const auto place = open();
    std::ofstream(folder + "/edge/routes.json") << R"({"epoch": 1)";
    ASSERT_FALSE(place.table());
    EXPECT_NE(place.table().error().find("routes.json:1"), std::string::npos) << place.table().error();
}

TEST_F(EdgeFolderTest, OnlyOneHasTheLock) {
    auto first = std::optional(open());
    auto second = open();
    EXPECT_FALSE(second.is_taken());
    ASSERT_TRUE(first->lock(false));
    EXPECT_TRUE(second.is_taken());
    EXPECT_FALSE(second.lock(false));
    std::ifstream in(folder + "/edge/lock");
    int pid = 0;
    in >> pid;
    EXPECT_EQ(pid, ::getpid());
    first.reset();
    EXPECT_TRUE(second.lock(true));
}

// A control plane that is there or away, and an edge that follows it.
class RouteStreamTest : public EdgeFolderTest {
protected:
    void SetUp() override {
        place.emplace(open());
        ASSERT_TRUE(place->lock(false));
        relay.emplace(1U, edge::Limits(), [](edge::WakeCall) {});
        stream.emplace(ControlPlanePlace{.remote = net::parse_remote("unix:" + path()).value()}, *place);
    }
    void TearDown() override {
        stream.reset();
        relay.reset();
        if (line) go_away();
    }
    std::string path() const { return folder + "/routes.sock"; }
    void come() {
        tasks.emplace(io.get_executor());
        line.emplace(io.get_executor(), clock, net::Endpoint{.address = {}, .port = 0, .path = path()});
        ASSERT_TRUE(line->open());
        handle = line->listen([this](std::uint64_t, const front::Report* report) {
            if (report == nullptr) return;
            heard = *report;
            ++reports;
        });
        tasks->spawn("line", line->run());
    }
    void go_away() {
        tasks->cancel();
        async::run_until_done(io, tasks->join());
        handle.reset();
        line.reset();
        heard.reset();
    }
    // Lets the control plane work until it holds; generous, because machines are busy.
    template <class Question>
    bool settle(Question holds) {
        io.restart();
        for (int turn = 0; turn < 3000 && !holds(); ++turn) io.run_one_for(std::chrono::milliseconds(10));
        return holds();
    }
    bool hears_table(std::uint64_t epoch, std::uint64_t number) {
        return settle([&] { return heard && heard->epoch == epoch && heard->number == number; });
    }

    asio::io_context io{1};
    async::ManualClock clock;
    std::optional<EdgeFolder> place;
    std::optional<edge::Edge> relay;
    std::optional<RouteStream> stream;
    std::optional<async::TaskGroup> tasks;
    std::optional<edge_line::StreamEdgeLine> line;
    std::shared_ptr<void> handle;
    std::optional<front::Report> heard;
    int reports = 0;
};

TEST_F(RouteStreamTest, ATableIsKeptAndRelayedBy) {
    come();
    stream->begin(*relay, {});
    line->publish(table_of(1, 1));
    ASSERT_TRUE(hears_table(1, 1));
    EXPECT_EQ(heard->wrong, std::vector<std::string>{});
    ASSERT_EQ(heard->uses.size(), 1U);
    EXPECT_EQ(heard->uses[0].server, "castle");
    EXPECT_EQ(place->table().value()->number, 1U);
}

TEST_F(RouteStreamTest, AnOlderControlPlaneIsNotFollowed) {
    come();
    stream->begin(*relay, table_of(7, 3));
    ASSERT_TRUE(hears_table(7, 3));
    for (const auto& late : {table_of(6, 9), table_of(7, 2)}) {
        const auto said = reports;
        line->publish(late);
        // One report may have been on its way.
        ASSERT_TRUE(settle([&] { return reports >= said + 2; }));
        EXPECT_EQ(heard->epoch, 7U);
        EXPECT_EQ(heard->number, 3U);
    }
    line->publish(table_of(7, 4));
    ASSERT_TRUE(hears_table(7, 4)) << "a newer one is";
}

TEST_F(RouteStreamTest, AKnockIsRepeatedOverAnAbsenceUntilTheServerIsNotAsleepAnyMore) {
    stream->knocked(knock());
    stream->begin(*relay, table_of(1, 1));
    come();
    ASSERT_TRUE(settle([this] { return heard && !heard->knockers.empty(); }));
    EXPECT_EQ(heard->knockers[0].name, "ann");
    const auto trace = heard->knockers[0].trace;
    EXPECT_TRUE(wake::time_of_trace(trace)) << trace;
    go_away();
    come();
    ASSERT_TRUE(settle([this] { return heard && !heard->knockers.empty(); })) << "whoever comes next hears it too";
    EXPECT_EQ(heard->knockers[0].trace, trace) << "by the same name";
    line->publish(table_of(2, 1, wake::RouteState::starting));
    ASSERT_TRUE(settle([this] { return heard && heard->epoch == 2; }));
    EXPECT_TRUE(heard->knockers.empty());
}

// An address that was free a moment ago.
wake::Endpoint free_place() { return edge::local_endpoint(edge::listen_datagrams(*wake::Endpoint::parse("127.0.0.1:0"))->get()); }

// What lists of servers see there; nothing when nobody answers within a time that no machine needs.
std::optional<wake::Face> seen_at(const wake::Endpoint& at) {
    const auto us = edge::listen_datagrams(*wake::Endpoint::parse("127.0.0.1:0"));
    const auto there = edge::kernel_address(at, AF_INET);
    Interview interview(wake::GameProtocol::quake3, {});
    std::array<std::byte, 2048> room{};
    for (auto say = interview.opening(); !say.empty();) {
        if (::sendto(us->get(), say.data(), say.size(), 0, there.get(), there.size) < 0) return std::nullopt;
        pollfd wait{.fd = us->get(), .events = POLLIN, .revents = 0};
        const auto size = ::poll(&wait, 1, 30'000) == 1 ? ::recv(us->get(), room.data(), room.size(), 0) : -1;
        if (size < 0) return std::nullopt;
        auto turn = interview.hear(ByteSpan(room).first(static_cast<std::size_t>(size)));
        if (turn.seen) return std::move(turn.seen);
        say = std::move(turn.say);
    }
    return std::nullopt;
}

// A game that answers lists, which the control plane knows as "arena".
class FaceTest : public RouteStreamTest {
protected:
    void SetUp() override {
        RouteStreamTest::SetUp();
        wake::RouteTable table;
        table.datagrams.push_back({.server = "game", .listen = game, .protocol = wake::GameProtocol::quake3, .face = said});
        game_program.apply(table);
    }
    wake::RouteTable arena(std::uint64_t number, wake::RouteState state) const {
        wake::Route route{.server = "arena", .listen = door, .protocol = wake::GameProtocol::quake3, .state = state};
        if (state == wake::RouteState::up) route.upstream = game;
        route.face.title = "arena (sleeping, join to start)";
        route.face.map = "oa_dm1";
        return {.epoch = 1, .number = number, .datagrams = {route}};
    }
    // As the program begins again, whatever it did before.
    void begin_again() {
        stream.reset();
        relay.reset();
        relay.emplace(1U, edge::Limits(), [](edge::WakeCall) {});
        stream.emplace(ControlPlanePlace{.remote = net::parse_remote("unix:" + path()).value()}, *place);
        auto kept = *place->table().value();
        relay->apply(stream->shown(kept));
        stream->begin(*relay, std::move(kept));
    }
    std::optional<wake::Face> kept() const {
        const auto faces = place->faces().value();
        const auto found = faces.find("arena quake3");
        return found == faces.end() ? std::nullopt : std::optional(found->second);
    }

    const wake::Face said{.title = "Ann's arena",
                          .map = "oa_dm7",
                          .game_type = "baseoa",
                          .version = "ioq3 1.36",
                          .protocol = 71,
                          .players_max = 12,
                          .game_name = "Quake3Arena"};
    wake::Face shown = [this] {
        auto face = said;
        face.title = "Ann's arena (sleeping, join to start)";
        return face;
    }();
    wake::Endpoint game = free_place();
    wake::Endpoint door = free_place();
    edge::Edge game_program{1U, edge::Limits(), [](edge::WakeCall) {}};
};

TEST_F(FaceTest, ASleepingServerShowsWhatItSaidLastAlsoAfterAnEdgeThatWasKilled) {
    come();
    stream->begin(*relay, {});
    line->publish(arena(1, wake::RouteState::up));
    ASSERT_TRUE(settle([this] { return kept().has_value(); })) << "it is asked as soon as it is up";
    EXPECT_EQ(kept(), said);
    line->publish(arena(2, wake::RouteState::asleep));
    ASSERT_TRUE(hears_table(1, 2));
    EXPECT_EQ(seen_at(door), shown);
    go_away();
    begin_again();
    EXPECT_EQ(seen_at(door), shown) << "nobody else knows it";
    come();
    auto next = arena(1, wake::RouteState::asleep);
    next.epoch = 2;
    line->publish(std::move(next));
    ASSERT_TRUE(hears_table(2, 1));
    EXPECT_EQ(seen_at(door), shown) << "and a control plane that does not know it has taken nothing away";
}

TEST_F(FaceTest, AnotherServerOfThatNameIsNotTakenForIt) {
    come();
    stream->begin(*relay, {});
    line->publish(arena(1, wake::RouteState::up));
    ASSERT_TRUE(settle([this] { return kept().has_value(); }));
    line->publish({.epoch = 1, .number = 2});
    ASSERT_TRUE(hears_table(1, 2));
    EXPECT_FALSE(kept());
    line->publish(arena(3, wake::RouteState::asleep));
    ASSERT_TRUE(hears_table(1, 3));
    EXPECT_EQ(seen_at(door)->title, "arena (sleeping, join to start)");
}

TEST_F(FaceTest, WhatIsNoFileOfFacesIsAskedAnew) {
    std::ofstream(folder + "/edge/faces.json") << R"({"arena)";
    stream.emplace(ControlPlanePlace{.remote = net::parse_remote("unix:" + path()).value()}, *place);
    come();
    stream->begin(*relay, {});
    line->publish(arena(1, wake::RouteState::up));
    ASSERT_TRUE(settle([this] {
        const auto faces = place->faces();
        return faces && !faces->empty();
    }));
    EXPECT_EQ(kept(), said);
}

}  // namespace
}  // namespace gk::programs
