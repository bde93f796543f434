#include "domain/match/simulate/simulation.hpp"

#include <set>

#include <gtest/gtest.h>

#include "domain/match/rules/native.hpp"
#include "domain/match/simulate/population.hpp"
#include "domain/match/simulate/report.hpp"

namespace gk::match {
namespace {

std::vector<Stage> stages_of(const Value& document) {
    Errors errors;
    auto stages = read_native_rules(document, errors);
    for (const auto& error : errors.list()) ADD_FAILURE() << error.pointer << ": " << error.detail;
    return stages.value_or(std::vector<Stage>());
}

// Seed 001's rule: twelve, or as few as two after 15 s.
std::vector<Stage> of_twelve() { return stages_of(Value::object({{"size", 12}, {"partial", Value::object({{"least", 2}, {"after", "15s"}})}})); }
std::vector<Stage> pairs_by_skill(int within) {
    return stages_of(Value::object({{"size", 2}, {"near", Value::object({{"skill", Value::object({{"within", within}})}})}}));
}

Arrival arrival(std::string player, Milliseconds at, std::optional<double> skill = {}) {
    Arrival out{
        .at = at, .players = {{.id = std::move(player), .attributes = {}, .latencies = {}, .blocked = {}}}, .leaves_after = {}, .expires_after = {}};
    if (skill) out.players.front().attributes["skill"] = *skill;
    return out;
}

Report report(const std::vector<Arrival>& arrivals, const std::vector<Stage>& stages, const SimulationOptions& options = {}) {
    return report_of(simulate(arrivals, stages, options), arrivals, yardstick_for(std::span(&stages, 1), arrivals));
}

using namespace std::chrono_literals;

TEST(Simulation, TwentyFiveOfTwelveMakeTwoMatchesAndLeaveOne) {
    std::vector<Arrival> arrivals;
    for (int i = 0; i < 25; ++i) arrivals.push_back(arrival("p" + std::to_string(i), Milliseconds(10 * i)));

    const auto of = report(arrivals, of_twelve(), {.until = 1min});

    EXPECT_EQ(of.matches, 2U);
    EXPECT_EQ(of.sizes, (std::map<std::size_t, std::size_t>{{12, 2}}));
    EXPECT_EQ(of.matched, 24U);
    EXPECT_EQ(of.waiting, 1U);
}

TEST(Simulation, APartMatchIsMadeWhenItsTimeHasComeAndNotBefore) {
    const std::vector<Arrival> arrivals{arrival("a", 0s), arrival("b", 5s)};

    const auto made = simulate(arrivals, of_twelve(), {.until = 1min}).made;

    ASSERT_EQ(made.size(), 1U);
    EXPECT_EQ(made[0].at, 15s);
}

TEST(Simulation, EndsWithTheLastArrivalUnlessItIsToldOtherwise) {
    const std::vector<Arrival> arrivals{arrival("a", 0s), arrival("b", 5s)};

    const auto simulation = simulate(arrivals, of_twelve(), {});

    EXPECT_EQ(simulation.ended_at, 5s);
    EXPECT_EQ(simulation.left.size(), 2U);
}

TEST(Simulation, LooksAreSoFarApartAsTheMatchmakers) {
    std::vector<Arrival> arrivals;
    for (int i = 0; i < 4; ++i) arrivals.push_back(arrival("p" + std::to_string(i), Milliseconds(1000 + i), 0));

    const auto made = simulate(arrivals, pairs_by_skill(10), {.between_looks = 250ms, .until = 1min}).made;

    ASSERT_EQ(made.size(), 2U);
    EXPECT_EQ(made[0].at, 1250ms) << "the first look, at 1000 ms, sees only one of them";
    EXPECT_EQ(made[1].at, 1250ms);
}

TEST(Simulation, WhoFindsNobodyExpiresAndIsExplained) {
    std::vector<Arrival> arrivals{arrival("alone", 0s, 3000)};
    for (int i = 0; i < 3; ++i) arrivals.push_back(arrival("p" + std::to_string(i), 1s, 1000));

    const auto of = report(arrivals, pairs_by_skill(50), {.ticket_ttl = 2min, .until = 5min});

    EXPECT_EQ(of.expired, 2U);
    ASSERT_EQ(of.starved.size(), 2U);
    const auto alone = std::ranges::find(of.starved, std::vector<std::string>{"alone"}, &Report::Starved::players);
    ASSERT_NE(alone, of.starved.end());
    EXPECT_EQ(alone->waited, 2min);
    EXPECT_EQ(alone->how, Simulation::Left::How::expired);
    EXPECT_EQ(alone->measured, 3000);
    ASSERT_FALSE(alone->explanation.rules.empty());
    EXPECT_EQ(alone->explanation.rules.front().rule, "near skill");
    EXPECT_EQ(alone->explanation.rules.front().kept_out, 1U) << "of the one who still waits";
}

TEST(Simulation, PlayersWhoLeaveAreNotMatched) {
    auto impatient = arrival("a", 0s, 0);
    impatient.leaves_after = 10s;

    const auto of = report({impatient, arrival("b", 10s, 0)}, pairs_by_skill(10), {.until = 30s});

    EXPECT_EQ(of.matches, 0U);
    EXPECT_EQ(of.cancelled, 1U);
    EXPECT_EQ(of.waiting, 1U);
}

TEST(Simulation, WhomTheRulesCannotBeAskedAboutIsCountedWithTheReason) {
    const auto of = report({arrival("a", 0s)}, pairs_by_skill(10), {.until = 1s});

    EXPECT_EQ(of.unfit, 1U);
    EXPECT_NE(of.unfit_example.find("skill"), std::string::npos) << of.unfit_example;
}

TEST(Simulation, OnlyTheLongestWaitsAreExplained) {
    std::vector<Arrival> arrivals;
    for (int i = 0; i < 20; ++i) arrivals.push_back(arrival("p" + std::to_string(i), std::chrono::seconds(i), 1000 * i));

    const auto of = report(arrivals, pairs_by_skill(10), {.until = 1min});

    ASSERT_EQ(of.starved.size(), explained_most);
    EXPECT_EQ(of.starved.front().players, std::vector<std::string>{"p0"});
    EXPECT_EQ(of.starved.back().players, std::vector<std::string>{"p4"});
}

// Every ticket comes to one end, and no player is in two matches.
TEST(Simulation, NobodyIsLostOrMatchedTwice) {
    const auto population = read_population("skill=normal(1500,300),mode=pick(a,b),party=pick(1:5,2:2,3:1)");
    ASSERT_TRUE(population);
    const auto stages = stages_of(Value::object({{"teams", Value::object({{"red", 5}, {"blue", 5}})},
                                                 {"same", Value::array({"mode"})},
                                                 {"near", Value::object({{"skill", Value::object({{"within", 100}, {"grows", 20}})}})}}));
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        auto arrivals = make_up(*population, {.each_second = 10, .duration = 2min, .seed = seed});
        for (std::size_t i = 0; i < arrivals.size(); i += 7) arrivals[i].leaves_after = 3s;

        const auto simulation = simulate(arrivals, stages, {.ticket_ttl = 20s});

        std::multiset<std::size_t> seen;
        for (const auto& made : simulation.made) {
            for (const auto& placed : made.placed) seen.insert(placed.arrival);
        }
        for (const auto& left : simulation.left) seen.insert(left.arrival);
        EXPECT_EQ(seen.size(), arrivals.size());
        EXPECT_EQ(std::set(seen.begin(), seen.end()).size(), arrivals.size());
        EXPECT_GT(simulation.made.size(), 20U);
    }
}

TEST(Simulation, TheSameTraceGivesTheSameReport) {
    const auto arrivals = make_up(*read_population("skill=normal(1500,300)"), {.each_second = 20, .duration = 1min});

    EXPECT_EQ(to_json(to_value(report(arrivals, pairs_by_skill(30)))), to_json(to_value(report(arrivals, pairs_by_skill(30)))));
}

TEST(Report, PercentilesAreNumbersThatWereMeasured) {
    std::vector<double> numbers;
    for (int i = 100; i >= 1; --i) numbers.push_back(i);

    EXPECT_EQ(figures_of(numbers), (Figures{.count = 100, .mean = 50.5, .p5 = 5, .p50 = 50, .p95 = 95, .p99 = 99, .most = 100}));
    EXPECT_EQ(figures_of({7}), (Figures{.count = 1, .mean = 7, .p5 = 7, .p50 = 7, .p95 = 7, .p99 = 7, .most = 7}));
    EXPECT_EQ(figures_of({}), Figures{});
}

TEST(Report, MeasuresSpreadAndGapOfAMatch) {
    const std::vector<Arrival> arrivals{arrival("a", 0s, 10), arrival("b", 1s, 30), arrival("c", 2s, 50), arrival("d", 3s, 100)};
    Simulation simulation;
    simulation.made.push_back({.at = 5s, .placed = {{0, 0}, {1, 1}, {2, 1}, {3, 0}}, .region = {}});

    const auto of = report_of(simulation, arrivals, Yardstick{.attribute = "skill", .fallback = {}});

    EXPECT_EQ(of.spreads.p50, 90);
    EXPECT_EQ(of.gaps.p50, 15) << "55 against 40";
    EXPECT_EQ(of.waits.most, 5000);
    EXPECT_EQ(of.waits.mean, 3500);
}

TEST(Report, TheTenthWithTheLeastAndTheTenthWithTheMostStandApart) {
    std::vector<Arrival> arrivals;
    Simulation simulation;
    for (int i = 0; i < 20; ++i) {
        arrivals.push_back(arrival("p" + std::to_string(i), 0s, i));
        if (i < 18) simulation.made.push_back({.at = 1s, .placed = {{static_cast<std::size_t>(i), 0}}, .region = {}});
        else simulation.left.push_back({.arrival = static_cast<std::size_t>(i), .waited = 30s, .why = {}});
    }

    const auto groups = report_of(simulation, arrivals, Yardstick{.attribute = "skill", .fallback = {}}).groups;

    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[0].waits.p95, 1000);
    EXPECT_EQ(groups[0].unmatched, 0U);
    EXPECT_EQ(groups[2].least, 18);
    EXPECT_EQ(groups[2].waits.p50, 30'000);
    EXPECT_EQ(groups[2].unmatched, 2U);
}

}  // namespace
}  // namespace gk::match
