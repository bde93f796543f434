#include "domain/match/simulate/population.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace gk::match {
namespace {

Population read(std::string_view text) {
    auto population = read_population(text);
    EXPECT_TRUE(population) << (population ? "" : population.error());
    return population.value_or(Population());
}

TEST(Population, DrawsPlayersAsTheyWereDescribed) {
    const auto population = read("skill=normal(1500,300), mode=pick(ranked:3,casual:1), latency.eu=uniform(20,60), party=pick(1:1,3:1)");

    const auto arrivals = make_up(population, {.each_second = 20, .duration = std::chrono::minutes(10)});

    double sum = 0, squares = 0;
    std::size_t players = 0, ranked = 0, parties = 0;
    for (const auto& arrival : arrivals) {
        if (arrival.players.size() == 3) ++parties;
        for (const auto& player : arrival.players) {
            const auto skill = std::get<double>(player.attributes.at("skill"));
            ++players;
            sum += skill;
            squares += skill * skill;
            if (std::get<std::string>(player.attributes.at("mode")) == "ranked") ++ranked;
            EXPECT_GE(player.latencies.at("eu"), 20U);
            EXPECT_LE(player.latencies.at("eu"), 60U);
        }
    }
    const auto count = static_cast<double>(players);
    EXPECT_NEAR(static_cast<double>(arrivals.size()), 12'000, 400);
    EXPECT_NEAR(sum / count, 1500, 10);
    EXPECT_NEAR(std::sqrt(squares / count - sum / count * (sum / count)), 300, 10);
    EXPECT_NEAR(static_cast<double>(ranked) / count, 0.75, 0.02);
    EXPECT_NEAR(static_cast<double>(parties) / static_cast<double>(arrivals.size()), 0.5, 0.02);
}

TEST(Population, TheSameSeedMakesTheSameTrace) {
    const auto population = read("skill=normal(1500,300)");
    const MadeUp wish{.each_second = 5, .duration = std::chrono::minutes(1), .seed = 7};

    const auto once = make_up(population, wish);

    EXPECT_EQ(once, make_up(population, wish));
    EXPECT_NE(once, make_up(population, {.each_second = 5, .duration = std::chrono::minutes(1), .seed = 8}));
    // Pinned, because pictures in the documentation are made of it.
    EXPECT_EQ(to_json(to_value(once.front())), R"({"at":"188ms","players":[{"id":"p1","attributes":{"skill":1381.043}}]})");
}

TEST(Population, SaysWhatIsWrongWithADescription) {
    const auto rows = std::to_array<std::pair<std::string_view, std::string_view>>({
        {"skill", "'skill' is not of the form"},
        {"skill=gauss(1,2)", "there are normal(MEAN,DEVIATION)"},
        {"skill=normal(1500)", "there are normal(MEAN,DEVIATION)"},
        {"skill=normal(high,300)", "'high' is no number"},
        {"skill=normal(1500,-1)", "a deviation is 0 or more"},
        {"skill=uniform(5,1)", "the least stands first"},
        {"mode=pick(a:0)", "weights above 0"},
        {"mode=pick()", "weights above 0"},
        {"latency.eu=pick(near)", "is a number of milliseconds"},
        {"party=normal(2,1)", "party=pick(1:8,2:1)"},
        {"party=pick(0:1)", "1 to 10 players, not '0'"},
    });
    for (const auto& [text, said] : rows) {
        const auto read = read_population(text);
        ASSERT_FALSE(read) << text;
        EXPECT_NE(read.error().find(said), std::string::npos) << read.error();
    }
}

TEST(Arrival, IsReadAsItWasWritten) {
    const Arrival arrival{.at = Milliseconds(1250),
                          .players = {{.id = "a",
                                       .attributes = {{"skill", 1400.0}, {"modes", std::vector<std::string>{"x"}}},
                                       .latencies = {{"eu", 30}},
                                       .blocked = {"b"}}},
                          .priority = 2,
                          .leaves_after = std::chrono::seconds(30),
                          .expires_after = std::chrono::minutes(2)};
    Arrival read;
    Errors errors;

    EXPECT_TRUE(decode(to_value(arrival), "", errors, read));

    EXPECT_EQ(read, arrival);
}

TEST(Arrival, NeedsSomebody) {
    Arrival read;
    Errors errors;

    EXPECT_FALSE(decode(Value::object({{"at", "1s"}, {"players", Value::Array()}}), "", errors, read));

    EXPECT_EQ(errors.list().front().pointer, "/players");
}

}  // namespace
}  // namespace gk::match
