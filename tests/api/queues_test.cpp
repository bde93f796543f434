// What operators say of queues, and what those who wait there hear.

#include "tests/api/rig.hpp"

namespace gk::apitest {
namespace {

class QueueRoutes : public Api {
protected:
    // The places of what was wrong with a request.
    static std::vector<std::string> wrong_in(const Reply& reply) {
        std::vector<std::string> out;
        const auto* errors = reply.json.find("errors");
        if (errors == nullptr || errors->as_array() == nullptr) return out;
        for (const auto& error : *errors->as_array()) out.push_back(text(error, "pointer"));
        return out;
    }
    std::size_t signs_after(Milliseconds time) {
        matches.seen.clear();
        house.clock.advance(time);
        house.settle([] { return false; }, 20);
        return matches.seen.size();
    }
};

TEST_F(QueueRoutes, AQueueNeedsAGameAndAFleetThatAreThere) {
    const auto put = [&](std::string body) { return send("PUT", "/v1/queues/pairs", std::move(body)); };
    // This house has no match server that is built in.
    EXPECT_EQ(wrong_in(put(R"({"rules": {"size": 2}})")), std::vector<std::string>{"/game"});
    EXPECT_EQ(wrong_in(put(R"({"game": "toy", "fleet": "nowhere", "rules": {"size": 2}})")), std::vector<std::string>{"/fleet"});
    EXPECT_EQ(send("GET", "/v1/queues/pairs").status, 404);

    ASSERT_EQ(send("PUT", "/v1/fleets/duels", R"({"game": "toy"})").status, 201);
    EXPECT_EQ(put(R"({"game": "toy", "fleet": "duels", "rules": {"size": 2}})").status, 201);
    ASSERT_EQ(send("DELETE", "/v1/fleets/duels").status, 204);
    EXPECT_EQ(send("PUT", "/v1/queues/pairs/rules", R"({"size": 3})").status, 200) << "other rules are no word about its fleet";
}

// A control plane of a cluster makes the queue of its configuration before it has read the cluster's fleets.
TEST_F(QueueRoutes, AConfigurationNamesAFleetThatIsNotReadYet) {
    const app::Caller caller{.name = "configuration"};
    app::QueueOrder queue{.name = "casual", .game = "toy", .fleet = "duels", .rules = Value::object({{"size", 2}}), .unread = {}};
    matches.fleets_are_unread = true;
    const auto refused = house.wait(matches.queues.put(caller, queue));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, app::Error::Kind::unavailable) << "whoever asks by the API asks again";

    queue.may_come_later = true;
    ASSERT_TRUE(house.wait(matches.queues.put(caller, std::move(queue))));
    EXPECT_EQ(house.wait(matches.queues.find(caller, "casual")).value().fleet, "duels");
}

// Of the matches that are stored: when their players joined, and what became of them.
TEST_F(QueueRoutes, AQueueTellsHowItDoes) {
    const app::Caller caller{.name = "test"};
    app::QueueOrder queue{.name = "casual", .game = "toy", .fleet = {}, .rules = Value::object({{"size", 2}}), .unread = {}};
    ASSERT_TRUE(house.wait(matches.queues.put(caller, std::move(queue))));
    const auto play = [&](const std::string& player, Milliseconds waits, match::MatchState state) {
        const auto ticket = matches.join(player);
        house.clock.advance(waits);
        match::Match match;
        match.id = house.random.id<MatchId>();
        match.queue = "casual";
        match.claimed_at = house.clock.now();
        match.members.push_back({.player = player, .ticket = ticket, .team = "players", .accepted = {}, .left_at = {}});
        std::vector<match::Match> made{match};
        EXPECT_TRUE(house.wait(matches.store.commit(std::move(made), Epoch{})).value().front().is_committed);
        if (state == match::MatchState::claimed) return;
        match.state = state;
        match.end_reason = "start_failed";
        std::vector<TicketId> back{ticket};
        EXPECT_TRUE(house.wait(matches.store.advance(match, std::move(back), house.clock.now(), no_keeper)));
    };
    play("too early", std::chrono::seconds(9), match::MatchState::claimed);
    house.clock.advance(std::chrono::hours(1));
    play("ann", std::chrono::seconds(1), match::MatchState::claimed);
    house.clock.advance(std::chrono::minutes(5));
    play("ben", std::chrono::seconds(3), match::MatchState::claimed);
    play("cid", std::chrono::seconds(2), match::MatchState::failed);

    const auto shown = send("GET", "/v1/queues/casual").json;
    const auto& minutes = *shown.find("statistics")->find("5m");
    const auto& hour = *shown.find("statistics")->find("1h");

    EXPECT_EQ(*minutes.find("made")->as_int(), 2);
    EXPECT_EQ(*minutes.find("live")->as_int(), 1);
    EXPECT_EQ(to_json(*minutes.find("failed")), R"({"start_failed":1})");
    EXPECT_EQ(text(minutes, "wait_p50") + " " + text(minutes, "wait_p95"), "2s 3s");
    EXPECT_EQ(*hour.find("made")->as_int(), 3);
    EXPECT_EQ(text(hour, "wait_p50") + " " + text(hour, "wait_p95"), "2s 3s");
    const auto listed = send("GET", "/v1/queues").json.find("items")->as_array()->front();
    EXPECT_NE(listed.find("waiting"), nullptr);
}

TEST_F(QueueRoutes, WhoListensGivesASignOfLifeWellWithinWhatItsQueueAllows) {
    const app::Caller caller{.name = "test"};
    app::QueueOrder queue{
        .name = "casual", .game = "toy", .fleet = {}, .rules = Value::object({{"size", 2}}), .silence = std::chrono::seconds(3), .unread = {}};
    ASSERT_TRUE(house.wait(matches.queues.put(caller, std::move(queue))));
    const auto ann = matches.join("ann");
    for (const auto& path : {"/v1/tickets/" + ann.text() + "/events", std::string("/v1/players/ann/events")}) {
        SCOPED_TRACE(path);
        auto events = follow(path);
        EXPECT_NE(next_line(*events).find("id: "), std::string::npos);
        house.settle([] { return false; }, 20);

        EXPECT_EQ(signs_after(std::chrono::milliseconds(900)), 0U);
        EXPECT_EQ(signs_after(std::chrono::milliseconds(100)), 1U);
        EXPECT_EQ(signs_after(std::chrono::milliseconds(1000)), 1U);
        events.reset();
        house.settle([] { return false; }, 20);
    }
}

TEST_F(QueueRoutes, WhoListensAgainHearsWhatCameSinceTheEventThatItNames) {
    const app::Caller caller{.name = "test"};
    app::QueueOrder queue{.name = "casual", .game = "toy", .fleet = {}, .rules = Value::object({{"size", 2}}), .unread = {}};
    ASSERT_TRUE(house.wait(matches.queues.put(caller, std::move(queue))));
    const auto ann = matches.join("ann");
    for (const auto& path : {"/v1/tickets/" + ann.text() + "/events", std::string("/v1/players/ann/events")}) {
        SCOPED_TRACE(path);
        const auto first = next_line(*follow(path));
        ASSERT_TRUE(first.starts_with("id: ")) << first;
        if (path.starts_with("/v1/tickets")) EXPECT_EQ(send("DELETE", "/v1/tickets/" + ann.text()).status, 200);

        auto again = follow(path, {{"Last-Event-ID", first.substr(4)}});
        EXPECT_NE(next_line(*again), first);
        EXPECT_EQ(next_line(*again), "event: cancelled");
    }
}

}  // namespace
}  // namespace gk::apitest
