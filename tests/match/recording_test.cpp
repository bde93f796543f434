// Who came to a queue, told as a trace.
#include "app/match/recording.hpp"

#include "domain/match/rules/native.hpp"
#include "domain/match/simulate/simulation.hpp"
#include "tests/match/matchmaker_rig.hpp"

namespace gk::app {
namespace {

class RecordingTest : public MatchmakerTest {
protected:
    Result<std::vector<match::Arrival>, Error> trace(Time since, bool with_names = false, std::string queue = "casual") {
        RecordingWish wish{.queue = std::move(queue), .since = since, .with_names = with_names};
        return wait(record(store, as_operator().caller, std::move(wish)));
    }
    static std::vector<std::string> names(const std::vector<match::Arrival>& arrivals) {
        std::vector<std::string> out;
        for (const auto& arrival : arrivals) out.push_back(arrival.players.front().id);
        return out;
    }
    using Names = std::vector<std::string>;
};

TEST_F(RecordingTest, SaysWhoCameWhenAndHowLongTheyWereReadyToWait) {
    const auto since = clock.now();
    clock.advance(2s);
    join({.id = "ann", .attributes = {{"skill", 1400.0}}, .latencies = {{"eu", 30}}, .blocked = {"ben"}}, 90s);
    clock.advance(3s);
    const auto ben = join("ben");
    clock.advance(4s);
    ASSERT_TRUE(wait(store.cancel(ben, clock.now())));

    const auto hidden = trace(since);
    const auto named = trace(since, true);

    ASSERT_TRUE(hidden);
    ASSERT_EQ(hidden->size(), 2U);
    const auto& first = hidden->front();
    EXPECT_EQ(first.at, 2s);
    EXPECT_EQ(first.expires_after, 90s);
    EXPECT_EQ(first.leaves_after, std::nullopt);
    EXPECT_EQ(first.players.front().attributes.at("skill"), match::AttributeValue(1400.0));
    EXPECT_EQ(first.players.front().latencies.at("eu"), 30U);
    EXPECT_EQ(hidden->back().at, 5s);
    EXPECT_EQ(hidden->back().leaves_after, 4s);
    EXPECT_EQ(first.players.front().blocked, Names{hidden->back().players.front().id}) << "a player is called the same wherever it stands";
    EXPECT_EQ(names(*named), (Names{"ann", "ben"}));
    for (const auto& name : names(*hidden)) EXPECT_TRUE(name.starts_with("p")) << name;
}

TEST_F(RecordingTest, BeginsWithTheFirstOneSinceThen) {
    Names late;
    Time since{};
    for (int i = 0; i < 3'000; ++i) {
        if (i == 1'234) since = clock.now();
        const auto name = "player" + std::to_string(i);
        join(name);
        if (i >= 1'234) late.push_back(name);
        clock.advance(1ms);
    }

    const auto recorded = trace(since, true);

    ASSERT_TRUE(recorded);
    EXPECT_EQ(names(*recorded), late);
    EXPECT_EQ(recorded->front().at, 0ms);
}

TEST_F(RecordingTest, OtherQueuesAndTenantsAreNotInIt) {
    const auto since = clock.now();
    join("ann");

    EXPECT_TRUE(trace(since, true, "ranked")->empty());
    Caller stranger{.name = "key:other", .tenant = "other"};
    RecordingWish wish{.queue = "casual", .since = since};
    EXPECT_TRUE(wait(record(store, std::move(stranger), std::move(wish)))->empty());
}

TEST_F(RecordingTest, PlayersMayNotAsk) {
    RecordingWish wish{.queue = "casual", .since = clock.now()};

    const auto refused = wait(record(store, as_player("ann").caller, std::move(wish)));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, Error::Kind::forbidden);
}

// What was played comes out again when it is replayed.
TEST_F(RecordingTest, AReplayMakesTheMatchesThatWereMade) {
    const auto since = clock.now();
    begin();
    for (int i = 0; i < 30; ++i) {
        join("player" + std::to_string(i));
        pass_time(500ms);
    }
    pass_time(20s);
    const auto until = std::chrono::duration_cast<Milliseconds>(clock.now() - since);

    const auto recorded = trace(since);
    ASSERT_TRUE(recorded);
    Errors errors;
    const auto stages = match::read_either_rules(net::parse_json(seed_rules).value(), errors);
    const auto replayed = match::simulate(*recorded, *stages, {.until = until});

    const auto played = matches();
    ASSERT_EQ(replayed.made.size(), played.size());
    for (std::size_t i = 0; i < played.size(); ++i) EXPECT_EQ(replayed.made[i].placed.size(), played[i].members.size());
}

}  // namespace
}  // namespace gk::app
