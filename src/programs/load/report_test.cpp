#include "programs/load/report.hpp"

#include <gtest/gtest.h>

namespace gk::programs {
namespace {
using namespace std::chrono_literals;

TEST(LoadSpread, IsOfDurationsThatWereMeasured) {
    struct Case {
        std::vector<Milliseconds> durations;
        Spread want;
    };
    std::vector<Milliseconds> hundred;
    for (int i = 100; i > 0; --i) hundred.emplace_back(i);
    for (const auto& [durations, want] : {
             Case{{}, {}},
             Case{{7ms}, {.count = 1, .p50 = 7ms, .p95 = 7ms, .p99 = 7ms, .most = 7ms}},
             Case{{30ms, 10ms, 20ms}, {.count = 3, .p50 = 20ms, .p95 = 30ms, .p99 = 30ms, .most = 30ms}},
             Case{hundred, {.count = 100, .p50 = 50ms, .p95 = 95ms, .p99 = 99ms, .most = 100ms}},
         }) {
        EXPECT_EQ(spread_of(durations), want) << durations.size();
    }
}

Tally tally_with(std::size_t begun, std::size_t failed) {
    Tally tally;
    tally.begun = begun;
    for (std::size_t i = 0; i < failed; ++i) tally.fail({LoadFault::connect, "nobody listens"});
    tally.ended_well = begun - failed;
    tally.joined.assign(begun, 40ms);
    return tally;
}

TEST(LoadVerdict, OneFailureIsTooManyUnlessSomeAreAllowed) {
    struct Case {
        std::size_t failed;
        LoadLimits limits;
        bool kept;
    };
    for (const auto& [failed, limits, kept] : {
             Case{0, {}, true},
             Case{1, {}, false},
             Case{2, {.errors_max = 2}, true},
             Case{3, {.errors_max = 2}, false},
             Case{2, {.errors_max = 1, .errors_are_percent = true}, true},
             Case{3, {.errors_max = 1, .errors_are_percent = true}, false},
         }) {
        EXPECT_EQ(load_verdicts(tally_with(200, failed), limits).at(0).kept, kept) << failed;
    }
}

TEST(LoadVerdict, LimitsAreOnTheNinetyNinthPercentile) {
    const auto tally = tally_with(10, 0);

    EXPECT_TRUE(load_verdicts(tally, {.p99_join = 40ms}).at(1).kept);
    EXPECT_FALSE(load_verdicts(tally, {.p99_join = 39ms}).at(1).kept);
    EXPECT_FALSE(load_verdicts(tally, {.p99_match = 1h}).at(1).kept) << "nothing was measured, so nothing was shown";
}

TEST(LoadReport, IsATableForPeople) {
    const auto tally = tally_with(200, 2);

    const auto table = load_table(tally, load_verdicts(tally, {.p99_join = 10ms}), 10s);

    EXPECT_EQ(table,
              "200 life cycles in 10.0 s: 198 ended well, 2 failed; 19.8 a second\n"
              "\n"
              "                      COUNT       P50       P95       P99       MAX\n"
              "join                    200     40 ms     40 ms     40 ms     40 ms\n"
              "time to match             0\n"
              "time to connected         0\n"
              "\n"
              "2 failed at connect: nobody listens\n"
              "\n"
              "limit max-errors is not kept: 0 allowed, 2 seen\n"
              "limit p99-join is not kept: 10ms allowed, 40ms seen\n");
}

TEST(LoadReport, IsADocumentForPrograms) {
    const auto tally = tally_with(2, 1);

    EXPECT_EQ(to_json(load_document(tally, load_verdicts(tally, {}), 4s)),
              R"({"life_cycles":2,"ended_well":1,"failed":1,"seconds":4,"life_cycles_per_second":0.25,)"
              R"("join_ms":{"count":2,"p50":40,"p95":40,"p99":40,"max":40},)"
              R"("time_to_match_ms":{"count":0,"p50":0,"p95":0,"p99":0,"max":0},)"
              R"("time_to_connected_ms":{"count":0,"p50":0,"p95":0,"p99":0,"max":0},)"
              R"("errors":{"connect":{"count":1,"example":"nobody listens"}},)"
              R"("limits":[{"limit":"max-errors","allowed":"0","seen":"1","kept":false}]})");
}

TEST(LoadOptions, AreThoseOfTheOriginalWhenNothingIsSaid) {
    const auto options = load_options({});

    ASSERT_TRUE(options) << options.error();
    EXPECT_EQ(options->clients, 50u);
    EXPECT_EQ(options->target.text(), "http://localhost:8080");
    EXPECT_EQ(options->match_seconds, 30);
    EXPECT_EQ(options->spawn_rate, 0);
    EXPECT_EQ(options->host_override, "");
}

TEST(LoadOptions, DurationsOfMatchesAreSecondsOrHaveAUnit) {
    for (const auto& [text, want] : {std::pair{"60", 60.0}, {"30.0", 30.0}, {"0.5", 0.5}, {"2m", 120.0}, {"1500ms", 1.5}}) {
        EXPECT_EQ(load_options({.match_duration = text})->match_seconds, want) << text;
    }
}

TEST(LoadOptions, MistakesAreNamed) {
    struct Case {
        LoadWish wish;
        std::string_view said;
    };
    for (const auto& [wish, said] : {
             Case{{.clients = "many"}, "CLIENTS 'many'"},
             Case{{.clients = "0"}, "CLIENTS '0'"},
             Case{{.clients = "1.5"}, "no whole number"},
             Case{{.url = "localhost:8080"}, "TARGET_URL"},
             Case{{.match_duration = "0"}, "MATCH_DURATION"},
             Case{{.match_duration = "x"}, "MATCH_DURATION"},
             Case{{.spawn_rate = "-1"}, "SPAWN_RATE"},
             Case{{.spawn_rate = "nan"}, "SPAWN_RATE"},
             Case{{.api = "v2"}, "original, v1"},
             Case{{.wait = "long"}, "poll, hold"},
             Case{{.errors_max = "101%"}, "--max-errors"},
             Case{{.p99_join = "100"}, "--p99-join"},
         }) {
        const auto options = load_options(wish);

        ASSERT_FALSE(options) << said;
        EXPECT_NE(options.error().find(said), std::string::npos) << options.error();
    }
}

}  // namespace
}  // namespace gk::programs
