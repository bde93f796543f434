#include <gtest/gtest.h>

#include "tests/sim/planted.hpp"
#include "tests/sim/sleep/street.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_max = 60;

// What the run complains of; empty when the defect went unnoticed.
std::string complaint(std::uint64_t seed, StreetPlant plant) {
    World world(seed, Plant::none, a_street(plant));
    world.run_for(12h);
    if (!world.breach().empty()) return world.breach();
    world.heal();
    return world.settle_down(45min);
}

struct Planted {
    StreetPlant plant;
    std::string_view rule;
};
constexpr auto planted = std::to_array<Planted>({
    {StreetPlant::unknown_is_nobody, "I7"},
    {StreetPlant::players_hidden, "I7"},
    {StreetPlant::knocks_dropped, "I20"},
    {StreetPlant::edge_keeps_old_table, "I20"},
});
static_assert(planted.size() + 1 == street_plant_names.size(), "every plant has its rule");

class StreetPlants : public testing::TestWithParam<Planted> {};

TEST_P(StreetPlants, AreFound) {
    const auto [plant, rule] = GetParam();
    EXPECT_TRUE(is_found(name_of(plant), rule, seeds_max, [plant](std::uint64_t seed) { return complaint(seed, plant); }));
}

INSTANTIATE_TEST_SUITE_P(Sleep, StreetPlants, testing::ValuesIn(planted), [](const auto& info) { return std::string(name_of(info.param.plant)); });

}  // namespace
}  // namespace gk::sim
