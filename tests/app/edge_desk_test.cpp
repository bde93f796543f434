#include "app/edge/edge_desk.hpp"

#include <gtest/gtest.h>

#include "async/task_group.hpp"
#include "tests/app/household.hpp"

namespace gk::apptest {
namespace {

using wake::RouteState;

// What an edge of this test is told, and what it says.
class TestLine final : public EdgeLine {
public:
    void publish(wake::RouteTable table) override { told.push_back(std::move(table)); }
    std::shared_ptr<void> listen(Heard heard) override {
        heard_ = std::move(heard);
        return std::shared_ptr<void>(nullptr, [this](void*) { heard_ = nullptr; });
    }
    void say(const front::Report& report, std::uint64_t edge = 1) { heard_(edge, &report); }
    void go(std::uint64_t edge = 1) { heard_(edge, nullptr); }

    std::vector<wake::RouteTable> told;

private:
    Heard heard_;
};

class EdgeDeskTest : public testing::Test {
protected:
    void SetUp() override {
        app::CreateOrder order{.id = "castle", .game = "teeworlds"};
        ASSERT_TRUE(home.wait(servers.create({.name = "test"}, std::move(order), {})));
        sleep();
        tenure.begin(Epoch{7});
        tasks.spawn("desk", desk.run());
        settle();
    }
    void TearDown() override {
        tasks.cancel();
        home.wait(tasks.join());
    }
    // As the keeper leaves it.
    void sleep() {
        auto record = home.record("castle");
        record.wanted = server::Wanted::paused;
        record.phase = server::Phase::paused;
        record.started_at.reset();
        record.request.reset();
        ASSERT_TRUE(home.wait(home.store.replace(record)));
    }
    void settle() {
        home.io.restart();
        home.io.poll();
    }
    Task<Result<Success, app::Error>> start(server::Record record, server::Cause cause) {
        ++starts;
        const app::VerbOrder order{.verb = server::Verb::start, .cause = cause};
        const app::Caller caller{.name = server::text_of(cause)};
        const app::Idempotency once;
        auto accepted = co_await servers.ask(caller, record.space, record.id, order, once);
        if (!accepted) co_return std::unexpected(accepted.error());
        co_return Success{};
    }
    void knock(const char* from = "203.0.113.7:4711") {
        front::Report report;
        report.knockers = {{.server = "castle", .source = *wake::Endpoint::parse(from), .name = "ann", .trace = "019ab5cf2d8000ab"}};
        line.say(report);
        settle();
    }
    RouteState state() { return line.told.back().datagrams.front().state; }

    Household home;
    app::MachineLimits limits{.cpu = {2000}, .cpu_overcommit = 1, .memory = {2048}, .exposures = {}, .pods_may_be_root = false, .edge_shift = -1000};
    app::Servers servers{{home.store, home.ledger, home.runtime, home.port_map, home.clock, home.random}, home.games, limits};
    TestLine line;
    app::Tenure tenure;
    int starts = 0;
    app::EdgeDesk desk{{.store = home.store, .line = line, .clock = home.clock, .tenure = tenure, .games = home.games},
                       [this](server::Record record, server::Cause cause) { return start(std::move(record), std::move(cause)); },
                       {}};
    async::TaskGroup tasks{home.io.get_executor()};
};

TEST_F(EdgeDeskTest, TellsEdgesWhatSleepsUnderTheKeepersEpoch) {
    ASSERT_EQ(line.told.size(), 1U);
    EXPECT_EQ(line.told[0].epoch, 7U);
    EXPECT_EQ(line.told[0].number, 1U);
    ASSERT_EQ(line.told[0].datagrams.size(), 1U);
    EXPECT_EQ(state(), RouteState::asleep);

    home.clock.advance(std::chrono::minutes(1));
    settle();
    EXPECT_EQ(line.told.size(), 1U) << "nothing has changed";

    home.bring_up("castle");
    settle();
    ASSERT_EQ(line.told.size(), 2U);
    EXPECT_EQ(line.told[1].number, 2U);
    EXPECT_EQ(state(), RouteState::up);
    EXPECT_EQ(line.told[1].datagrams[0].upstream->port + 0, line.told[1].datagrams[0].listen.port - 1000);
}

TEST_F(EdgeDeskTest, AKnockStartsWhatSleepsAndTheOperationSaysWho) {
    knock();
    EXPECT_EQ(starts, 1);
    const auto record = home.record("castle");
    EXPECT_EQ(record.wanted, server::Wanted::running);
    ASSERT_TRUE(record.request);
    EXPECT_EQ(record.request->cause.kind, server::Cause::Kind::knock);
    const auto operation = home.wait(home.ledger.operation(record.request->operation));
    ASSERT_TRUE(operation);
    EXPECT_EQ(operation->cause, "a knock by ann from 203.0.113.7:4711, trace 019ab5cf2d8000ab");
    settle();
    EXPECT_EQ(state(), RouteState::starting);
}

TEST_F(EdgeDeskTest, SaysWhenAPlayerWasFirstRelayedToAfterAWake) {
    const auto noon = *parse_rfc3339("2026-11-22T12:00:00.650Z");
    front::Report late, early;
    late.relayed = {{.server = "castle", .trace = "019ab5cf2d8000ab", .at = noon + std::chrono::seconds(1)}};
    early.relayed = {{.server = "castle", .trace = "019ab5cf2d8000ab", .at = noon}};
    line.say(late, 1);
    line.say(early, 2);
    EXPECT_EQ(desk.relayed_at("019ab5cf2d8000ab"), noon) << "by whichever edge was first";
    EXPECT_EQ(desk.relayed_at("019ab5cf2d8000ac"), std::nullopt) << "of another wake";
}

TEST_F(EdgeDeskTest, TenKnocksAtOnceStartItOnce) {
    front::Report report;
    report.knockers = {{.server = "castle", .source = *wake::Endpoint::parse("203.0.113.7:4711"), .name = {}}};
    for (std::uint64_t edge = 1; edge <= 10; ++edge) line.say(report, edge);
    settle();
    knock();
    EXPECT_EQ(starts, 1);
}

TEST_F(EdgeDeskTest, WhileItIsGoingToSleepAKnockWaits) {
    auto record = home.record("castle");
    record.phase = server::Phase::backing_up;
    ASSERT_TRUE(home.wait(home.store.replace(record)));
    knock();
    EXPECT_EQ(starts, 0);
    EXPECT_EQ(state(), RouteState::asleep) << "so that the edge says it again";
    sleep();
    knock();
    EXPECT_EQ(starts, 1);
}

TEST_F(EdgeDeskTest, WithoutRoomItIsToldAndTriedAgainLater) {
    for (const auto* id : {"other", "third"}) {
        app::CreateOrder order{.id = id, .game = "teeworlds"};
        order.start = true;
        ASSERT_TRUE(home.wait(servers.create({.name = "test"}, std::move(order), {})));
    }
    knock();
    settle();
    EXPECT_EQ(starts, 1);
    EXPECT_EQ(state(), RouteState::failed);
    knock();
    EXPECT_EQ(starts, 1) << "not at once";
    home.clock.advance(std::chrono::seconds(31));
    settle();
    EXPECT_EQ(state(), RouteState::asleep);
    knock();
    EXPECT_EQ(starts, 2);
}

TEST_F(EdgeDeskTest, KnowsHowManyPlayAsLongAsAnEdgeSaysIt) {
    const auto record = home.record("castle");
    EXPECT_EQ(desk.sessions_of(record), std::nullopt);
    front::Report report;
    report.uses = {{.server = "castle", .listen = line.told[0].datagrams[0].listen, .is_stream = false, .sessions = 3, .held = 0, .counts = {}}};
    line.say(report);
    EXPECT_EQ(desk.sessions_of(record), 3);
    report.uses[0].sessions = 0;
    line.say(report);
    EXPECT_EQ(desk.sessions_of(record), 0);
    line.go();
    EXPECT_EQ(desk.sessions_of(record), std::nullopt);
}

TEST_F(EdgeDeskTest, SessionsThatSendAPacketNowAndThenAreNobody) {
    const auto record = home.record("castle");
    front::Report report;
    report.uses = {{.server = "castle", .listen = line.told[0].datagrams[0].listen, .is_stream = false, .sessions = 2, .held = 0, .counts = {}}};
    const auto go_on = [&](int seconds, std::uint64_t datagrams_per_second) {
        for (int i = 0; i < seconds; ++i) {
            home.clock.advance(std::chrono::seconds(1));
            report.uses[0].counts["from_players"] += datagrams_per_second;
            line.say(report);
        }
        return desk.sessions_of(record);
    };
    EXPECT_EQ(go_on(10, 0), 2) << "who has just come may be somebody";
    EXPECT_EQ(go_on(40, 0), 0);
    EXPECT_EQ(go_on(40, 1), 1);
    EXPECT_EQ(go_on(40, 20), 2);
    line.go();
    EXPECT_EQ(desk.sessions_of(record), std::nullopt);
}

}  // namespace
}  // namespace gk::apptest
