#include "api/match/match_metrics.hpp"

#include <gtest/gtest.h>

#include "adapters/memory/random.hpp"

namespace gk::api {
namespace {

using namespace std::chrono_literals;

class MatchMetricsTest : public testing::Test {
protected:
    memory::SeededRandom random_{1};
    Metrics page_;
    MatchMetrics metrics_{page_};

    // As the store writes it, heard of 3 ms later.
    void happens(TicketId ticket, std::string what, Milliseconds at, std::optional<MatchId> match = {}) {
        metrics_.count({.at = Time(at), .ticket = ticket, .players = {}, .match = match, .what = std::move(what), .detail = {}}, "casual",
                       Time(at) + 3ms);
    }
    testing::AssertionResult shows(const std::string& line) const {
        const auto text = page_.text();
        return text.find(line + "\n") != std::string::npos ? testing::AssertionSuccess()
                                                           : testing::AssertionFailure() << line << " is not in\n"
                                                                                         << text;
    }
    bool mentions(const std::string& word) const { return page_.text().find(word) != std::string::npos; }
};

TEST_F(MatchMetricsTest, AMatchCountsOnceHoweverManyTicketsItHas) {
    const auto a = random_.id<TicketId>();
    const auto b = random_.id<TicketId>();
    const auto match = random_.id<MatchId>();

    happens(a, "queued", 0s);
    happens(b, "queued", 4s);
    for (const auto* what : {"claimed", "placing", "assigned", "ended"}) {
        for (const auto ticket : {a, b}) happens(ticket, what, 6s, match);
    }

    for (const auto* outcome : {"made", "assigned", "ended"})
        EXPECT_TRUE(shows(std::string("gamekeeper_matches_total{outcome=\"") + outcome + "\"} 1"));
    EXPECT_TRUE(shows("gamekeeper_matches_total{outcome=\"failed\"} 0"));
    EXPECT_TRUE(shows("gamekeeper_match_ticket_steps_total{step=\"assigned\"} 2"));
    EXPECT_TRUE(shows("gamekeeper_match_wait_seconds_count{queue=\"casual\"} 2"));
    EXPECT_TRUE(shows("gamekeeper_match_wait_seconds_sum{queue=\"casual\"} 8")) << "6 s and 2 s";
    EXPECT_TRUE(shows("gamekeeper_match_event_delay_seconds_bucket{le=\"0.001\"} 0"));
    EXPECT_TRUE(shows("gamekeeper_match_event_delay_seconds_bucket{le=\"0.005\"} 10"));
}

TEST_F(MatchMetricsTest, TheWaitOfWhoIsPutBackGoesOn) {
    const auto ticket = random_.id<TicketId>();
    const auto first = random_.id<MatchId>();
    const auto second = random_.id<MatchId>();

    happens(ticket, "queued", 0s);
    happens(ticket, "claimed", 1s, first);
    happens(ticket, "put_back", 2s, first);
    happens(ticket, "claimed", 3s, second);
    happens(ticket, "assigned", 5s, second);

    EXPECT_TRUE(shows("gamekeeper_matches_total{outcome=\"made\"} 2"));
    EXPECT_TRUE(shows("gamekeeper_matches_total{outcome=\"failed\"} 1"));
    EXPECT_TRUE(shows("gamekeeper_match_wait_seconds_sum{queue=\"casual\"} 5"));
}

TEST_F(MatchMetricsTest, NobodyWhoGaveUpIsMeasured) {
    const auto ticket = random_.id<TicketId>();

    happens(ticket, "queued", 0s);
    happens(ticket, "cancelled", 9s);

    EXPECT_FALSE(mentions("gamekeeper_match_wait_seconds_count"));
    EXPECT_TRUE(shows("gamekeeper_match_ticket_steps_total{step=\"cancelled\"} 1"));
}

TEST_F(MatchMetricsTest, LooksAreMeasuredByQueueAndAllocationsCountedByFleet) {
    metrics_.count_look("casual", 3ms);
    metrics_.count_look("casual", 40ms);
    metrics_.count_look("ranked", 0ms);
    metrics_.count_allocation("warm");

    EXPECT_TRUE(shows("gamekeeper_match_look_seconds_bucket{queue=\"casual\",le=\"0.005\"} 1"));
    EXPECT_TRUE(shows("gamekeeper_match_look_seconds_count{queue=\"casual\"} 2"));
    EXPECT_TRUE(shows("gamekeeper_match_look_seconds_count{queue=\"ranked\"} 1"));
    EXPECT_TRUE(shows("gamekeeper_fleet_allocations_total{fleet=\"warm\"} 1"));
}

TEST_F(MatchMetricsTest, QueuesAndFleetsThatAreGoneAreShownNoMore) {
    metrics_.set_waiting({{"casual", 3}, {"ranked", 0}});
    metrics_.count_look("casual", 3ms);
    metrics_.count_allocation("warm");
    metrics_.set_fleets({{"warm", {.starting = 1, .ready = 2, .allocated = 3, .limit = "max"}}});
    EXPECT_TRUE(shows("gamekeeper_match_tickets_waiting{queue=\"casual\"} 3"));
    EXPECT_TRUE(shows("gamekeeper_fleet_servers{fleet=\"warm\",state=\"allocated\"} 3"));
    EXPECT_TRUE(shows("gamekeeper_fleet_limited{fleet=\"warm\"} 1"));

    metrics_.set_waiting({{"ranked", 5}});
    metrics_.set_fleets({});

    EXPECT_FALSE(mentions("casual"));
    EXPECT_FALSE(mentions("warm"));
    EXPECT_TRUE(shows("gamekeeper_match_tickets_waiting{queue=\"ranked\"} 5"));
}

}  // namespace
}  // namespace gk::api
