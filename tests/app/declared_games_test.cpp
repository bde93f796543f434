#include "app/catalog/declared_games.hpp"

#include <gtest/gtest.h>

#include "wire/yaml/yaml.hpp"

namespace gk::app {
namespace {

Value castle(std::string_view title) {
    auto definition = wire::parse_yaml(R"(sources: [{image: {name: castle}}]
command: [/castle]
ports: [{role: game, protocol: tcp}]
ready: {log: 'ready'}
stop: [{signal: SIGTERM}]
)")
                          .value();
    definition.set("title", title);
    return definition;
}

Value broken() {
    auto definition = castle("Broken");
    definition.set("ports", Value::array({Value::object({{"role", "game"}, {"protocol", "smoke"}})}));
    return definition;
}

struct DeclaredGamesTest : testing::Test {
    GameVerdict take(Value definition, Value accepted = {}) {
        return declared.take({.name = "castle", .generation = 1, .definition = std::move(definition), .accepted = std::move(accepted)});
    }
    std::string title() const { return games.game("castle") != nullptr ? games.game("castle")->title : ""; }

    catalog::Catalog games;
    std::string missing;
    DeclaredGames declared{games, [this](const catalog::Game&) { return missing; }};
};

TEST_F(DeclaredGamesTest, ARightOneCountsUnderItsName) {
    const auto verdict = take(castle("Castle"));

    EXPECT_EQ(title(), "Castle");
    EXPECT_EQ(verdict.refused, "");
    EXPECT_EQ(verdict.accepted, castle("Castle"));
}

TEST_F(DeclaredGamesTest, OneThatCannotRunHereCountsAndSaysWhy) {
    missing = "it names no image";

    EXPECT_EQ(take(castle("Castle")).missing, "it names no image");
    EXPECT_EQ(title(), "Castle");
}

TEST_F(DeclaredGamesTest, AWrongOneSaysWhatIsWrongAndTheLastRightOneGoesOn) {
    const auto first = take(castle("Castle"));
    const auto verdict = take(broken(), first.accepted);

    EXPECT_TRUE(verdict.refused.starts_with("/ports/0/protocol: ")) << verdict.refused;
    EXPECT_EQ(verdict.accepted, castle("Castle"));
    EXPECT_EQ(title(), "Castle");
}

TEST_F(DeclaredGamesTest, AWrongOneThatWasNeverRightLeavesWhatThereWas) {
    games.put(*catalog::decode_game([] {
        auto file = castle("From a file");
        file.set("name", "castle");
        return file;
    }()));

    const auto verdict = take(broken());

    EXPECT_TRUE(verdict.accepted.is_null());
    EXPECT_EQ(title(), "From a file");
}

TEST_F(DeclaredGamesTest, WhatIsNotDeclaredAnyMoreGivesItsPlaceBack) {
    take(castle("Castle"));
    declared.drop("castle");

    EXPECT_EQ(title(), "");
}

TEST_F(DeclaredGamesTest, ItsNameIsThatOfTheObject) {
    auto definition = castle("Castle");
    definition.set("name", "tower");

    EXPECT_EQ(take(definition).refused, "/name: it is 'castle' already, by the name of the object");
    definition.set("name", "castle");
    EXPECT_EQ(take(definition).refused, "");
}

}  // namespace
}  // namespace gk::app
