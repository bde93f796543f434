// What the simulator of matchmaking found in the matchmaker (tests/sim/match/README.md), each as the shortest story in which it shows.

#include <set>
#include <string>
#include <vector>

#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

// Servers that are there at once, and say in which order they were spoken to.
class WatchedServers final : public MatchServers {
public:
    explicit WatchedServers(boost::asio::any_io_executor loop) : ended_(std::move(loop)) {}

    Task<void> work(Shift& shift) override {
        if (is_superseded) shift.end("a newer matchmaker is at work");
        is_at_work_ = !shift.is_over();
        co_return;
    }
    // As fleets do it, which look around with their work: after its end nothing wakes whoever waits for it.
    Task<void> adopt(std::vector<match::Match>) override {
        calls.emplace_back("adopt");
        while (!is_at_work_) co_await changed_.wait();
    }
    Answer<std::optional<match::MatchServer>> take(match::Match, QueueRecord) override {
        calls.emplace_back("take");
        co_return std::nullopt;
    }
    Answer<match::MatchServer> start(match::Match match, QueueRecord, Time) override {
        calls.emplace_back("start");
        if (ends_at_once) ended_.notify(match.id, "server_exited");
        while (starts_slowly && !released.contains(match.id)) co_await changed_.wait();
        if (starts_slowly) co_return std::unexpected(Refusal{.code = "match_over", .detail = "it was let go"});
        co_return match::MatchServer{.name = "game-server-1", .host = "192.0.2.1", .port = 7777};
    }
    Task<void> release(MatchId match) override {
        released.insert(match);
        changed_.wake_all();
        co_return;
    }
    std::optional<std::vector<Held>> held() const override { return std::nullopt; }
    std::shared_ptr<void> watch(Ended ended) override { return ended_.add(std::move(ended)); }

    std::vector<std::string> calls;
    bool is_superseded = false;
    bool ends_at_once = false;
    bool starts_slowly = false;
    std::set<MatchId> released;

private:
    bool is_at_work_ = false;
    async::Watchers<MatchId, std::string> ended_;
    async::WaitQueue changed_;
};

class MendedTest : public MatchmakerTest {
protected:
    void TearDown() override { stop(); }  // Before what it speaks to goes.
    void begin_with_watched() {
        maker = std::make_unique<Matchmaker>(
            MatchmakerPorts{.store = refusing, .servers = watched, .clock = clock, .random = random, .off_loop = here}, MatchmakerLimits{});
        tasks.emplace(io.get_executor());
        tasks->spawn("matchmaker", keep());
        settle();
    }

    WatchedServers watched{io.get_executor()};
};

// A server of a match of before was let go by the start of the next one: adopt() came after the first new matches.
TEST_F(MendedTest, ServersOfBeforeAreLookedThroughBeforeTheFirstNewMatchIsMade) {
    join_many(12);
    begin_with_watched();
    pass_time(1s);

    EXPECT_EQ(watched.calls, (std::vector<std::string>{"adopt", "take", "start"}));
    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].state, MatchState::assigned);
}

// Its match lived for ever.
TEST_F(MendedTest, AServerThatEndsBeforeItIsWrittenDownEndsItsMatchToo) {
    watched.ends_at_once = true;
    const auto tickets = join_many(12);
    begin_with_watched();
    pass_time(1s);

    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].state, MatchState::ended);
    EXPECT_EQ(matches()[0].end_reason, "server_exited");
    EXPECT_EQ(ticket(tickets[0]).state, TicketState::ended);
}

// Its server went on starting for 45 s.
TEST_F(MendedTest, AMatchThatIsEndedWhileItsServerStartsLetsItGoAtOnce) {
    watched.starts_slowly = true;
    join_many(12);
    begin_with_watched();
    pass_time(1s);
    auto match = matches().at(0);
    ASSERT_EQ(match.state, MatchState::placing);

    match.state = MatchState::ended;
    match.end_reason = "asked";
    ASSERT_TRUE(wait(store.advance(match, {}, clock.now(), no_keeper)));
    settle();

    EXPECT_EQ(watched.released, std::set{match.id});
    EXPECT_EQ(watched.calls, (std::vector<std::string>{"adopt", "take", "start"})) << "no second one is begun";
}

// Seed 928.
TEST_F(MendedTest, WhoWasSupersededBeforeItHadBegunDoesNotWaitForItsServers) {
    watched.is_superseded = true;
    begin_with_watched();
    pass_time(1s);

    EXPECT_EQ(why, "a newer matchmaker is at work");
    EXPECT_FALSE(maker->is_at_work());
}

// It kept its old rules: its generations are counted anew, and were compared with those of before.
TEST_F(MendedTest, AQueueThatIsRemovedAndMadeAgainHasItsNewRules) {
    begin();
    join_many(3);
    ASSERT_TRUE(wait(store.remove_queue("casual")));
    maker->note_queues();
    pass_time(1s);
    generation = 0;
    configure(net::parse_json(R"({"ruleLanguageVersion": "1.0", "teams": [{"name": "trio", "minPlayers": 3, "maxPlayers": 3}]})").value());
    pass_time(1s);

    ASSERT_EQ(matches().size(), 1U);
    EXPECT_EQ(matches()[0].members[0].team, "trio");
}

}  // namespace
}  // namespace gk::app
