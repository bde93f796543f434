#include "domain/catalog/catalog.hpp"

#include <gtest/gtest.h>

namespace gk::catalog {
namespace {

Catalog catalog() {
    Catalog out;
    out.put_packages({{"small", "Small", {{500}, {1024}, {5120}}}, {"large", "Large", {{4000}, {12288}, {40960}}}});
    Game game;
    game.name = "minetest";
    out.put(game);
    return out;
}

TEST(Catalog, ResolvesSizes) {
    const auto games = catalog();
    const server::Resources own{{100}, {200}, {300}};

    EXPECT_EQ(games.resources_for(nullptr, "large", std::nullopt)->memory.count, 12288);
    EXPECT_EQ(games.resources_for(nullptr, "", std::nullopt)->memory.count, 1024);
    EXPECT_EQ(games.resources_for(nullptr, "", own), own);
}

TEST(Catalog, RefusesSizesThatMeanNothing) {
    const auto games = catalog();

    EXPECT_EQ(games.resources_for(nullptr, "lage", std::nullopt).error().detail, "there is no package 'lage'; did you mean 'large'?");
    EXPECT_EQ(games.resources_for(nullptr, "large", server::Resources{}).error().pointer, "/package");
    EXPECT_EQ(games.resources_for(nullptr, "", server::Resources{{100}, {0}, {300}}).error().pointer, "/resources/memory_mib");
    EXPECT_EQ(games.resources_for(nullptr, "", server::Resources{{100}, {200}, {std::int64_t{1} << 60}}).error().pointer, "/resources/disk_mib");
}

TEST(Catalog, FindsGamesByNameAndReplacesThem) {
    auto games = catalog();
    Game newer;
    newer.name = "minetest";
    newer.title = "Newer";
    games.put(newer);

    EXPECT_EQ(games.game("minetest")->title, "Newer");
    EXPECT_EQ(games.games().size(), 1u);
    EXPECT_EQ(games.game("minecraft"), nullptr);
    EXPECT_EQ(games.unknown_game("minetst").detail, "there is no game 'minetst'; did you mean 'minetest'?");
}

TEST(Catalog, OffersAGamesOwnSizesBeforeTheUsualOnes) {
    const auto games = catalog();
    Game game;
    game.packages = {{"small", "Tiny", {{10}, {20}, {30}}}, {"huge", "Huge", {{8000}, {24576}, {40960}}}};

    EXPECT_EQ(games.resources_for(&game, "", std::nullopt)->memory.count, 20);
    EXPECT_EQ(games.resources_for(&game, "huge", std::nullopt)->memory.count, 24576);
    EXPECT_EQ(games.resources_for(&game, "large", std::nullopt)->memory.count, 12288);
    EXPECT_FALSE(games.resources_for(nullptr, "huge", std::nullopt));
}

TEST(Catalog, KnowsHowServersOfAGameAndOfASizeAreReached) {
    using enum server::Exposure::Kind;
    auto games = catalog();
    Game game;
    game.exposure = internal;
    game.packages = {{"small", "Tiny", {{10}, {20}, {30}}, host_port}};
    games.declare_packages("sizes", {{"large", "Large", {{4000}, {12288}, {40960}}, load_balancer}});

    EXPECT_EQ(games.exposure_for(&game, "small"), host_port) << "the game's own size goes before the game";
    EXPECT_EQ(games.exposure_for(&game, "large"), load_balancer);
    EXPECT_EQ(games.exposure_for(&game, ""), internal) << "with resources of its own";
    EXPECT_EQ(games.exposure_for(nullptr, "small"), std::nullopt);
}

TEST(Catalog, PutsADeclaredGameInFrontAndBringsBackWhatWasThere) {
    auto games = catalog();
    const auto titled = [](std::string name, std::string title) {
        Game game;
        game.name = std::move(name);
        game.title = std::move(title);
        return game;
    };
    games.put(titled("minetest", "Shipped"));

    games.declare(titled("minetest", "First"));
    games.declare(titled("minetest", "Second"));
    games.declare(titled("castle", "Castle"));
    EXPECT_EQ(games.game("minetest")->title, "Second");

    games.retract("minetest");
    games.retract("castle");
    games.retract("nobody");
    EXPECT_EQ(games.game("minetest")->title, "Shipped");
    EXPECT_EQ(games.game("castle"), nullptr);
}

TEST(Packages, AreReadInOrderAndChecked) {
    const auto read = [](Value document) { return decode_packages(document); };
    const auto size = Value::object({{"cpu_millis", 1}, {"memory_mib", 2}, {"disk_mib", 3}});

    const auto good = read(Value::object({{"packages", Value::object({{"b", size}, {"a", size}})}}));
    ASSERT_TRUE(good);
    EXPECT_EQ(good->front().name, "b");

    EXPECT_EQ(read(Value::object()).error().front().pointer, "/packages");
    EXPECT_EQ(read(Value::object({{"packages", 1}})).error().front().pointer, "/packages");
    EXPECT_EQ(read(Value::object({{"packages", Value::object({{"a", Value::object()}})}})).error().size(), 3u);
    EXPECT_EQ(read(Value::object({{"packages", Value::object({{"A b", size}})}})).error().front().code, "bad_format");
}

}  // namespace
}  // namespace gk::catalog
