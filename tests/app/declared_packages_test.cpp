#include "app/catalog/declared_packages.hpp"

#include <gtest/gtest.h>

namespace gk::app {
namespace {

constexpr auto tiny = "packages: {tiny: {cpu_millis: 250, memory_mib: 256, disk_mib: 512, exposure: {type: internal}}}";
constexpr auto bigger_small = "packages: {small: {cpu_millis: 600, memory_mib: 2048, disk_mib: 5120}}";

struct DeclaredPackagesTest : testing::Test {
    DeclaredPackagesTest() { games.put_packages({{"small", "Small", {{500}, {1024}, {5120}}}}); }
    std::int64_t memory_of(std::string_view package) const {
        const auto size = games.resources_for(nullptr, package, std::nullopt);
        return size ? size->memory.count : 0;
    }

    catalog::Catalog games;
    DeclaredPackages declared{games};
};

TEST_F(DeclaredPackagesTest, StandInFrontOfTheShippedOnesUntilTheyGo) {
    EXPECT_EQ(declared.take({.name = "sizes", .files = {{"a.yaml", tiny}, {"b.yaml", bigger_small}}}), "");
    EXPECT_EQ(memory_of("tiny"), 256);
    EXPECT_EQ(memory_of("small"), 2048);
    EXPECT_EQ(games.packages().size(), 2u) << "each name once";
    EXPECT_EQ(games.exposure_for(nullptr, "tiny"), server::Exposure::Kind::internal);

    declared.drop("sizes");
    EXPECT_EQ(memory_of("tiny"), 0);
    EXPECT_EQ(memory_of("small"), 1024);
}

TEST_F(DeclaredPackagesTest, WrongOnesSayWhereAndTheLastRightOnesCountOn) {
    declared.take({.name = "sizes", .files = {{"a.yaml", tiny}}});

    const auto refused =
        declared.take({.name = "sizes", .files = {{"a.yaml", "packages: {tiny: {cpu_millis: 0, memory_mib: 1}}"}, {"b.yaml", "packages: ["}}});

    EXPECT_TRUE(refused.starts_with("a.yaml:1:18: /packages/tiny/disk_mib: ")) << refused;
    EXPECT_NE(refused.find("\nb.yaml:2:"), std::string::npos) << refused;
    EXPECT_EQ(memory_of("tiny"), 256);
}

TEST_F(DeclaredPackagesTest, OfTwoDeclarationsThatOfTheLesserNameCounts) {
    declared.take({.name = "b", .files = {{"b.yaml", bigger_small}}});
    declared.take({.name = "a", .files = {{"a.yaml", "packages: {small: {cpu_millis: 1, memory_mib: 1, disk_mib: 1}}"}}});
    EXPECT_EQ(memory_of("small"), 1);

    declared.drop("a");
    EXPECT_EQ(memory_of("small"), 2048) << "the other one was there all the time";
}

}  // namespace
}  // namespace gk::app
