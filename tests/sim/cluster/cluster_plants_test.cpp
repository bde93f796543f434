#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/cluster/in_a_cluster.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_max = 60;

// What the run complains of; empty when the defect went unnoticed.
std::string complaint(std::uint64_t seed, ClusterPlant plant) {
    SimCluster* cluster = nullptr;
    World world(seed, Plant::none, in_a_cluster(cluster, plant));
    world.run_for(6min);
    if (!world.breach().empty()) return world.breach();
    world.heal();
    return world.settle_down(15min);
}

// A defect, and the rules that may complain of it first.
struct Planted {
    ClusterPlant plant;
    std::set<std::string> rules;
};
const std::vector<Planted> found_quickly = {
    {ClusterPlant::lists_show_ghosts, {"I24", "I10"}},
    {ClusterPlant::finalizers_ignored, {"P8", "I10"}},
};
// Whether these are found has not been seen yet: that takes longer than a test may.
const std::vector<Planted> not_seen_yet = {
    {ClusterPlant::versions_not_compared, {"I5", "I9", "R13"}},
    {ClusterPlant::leases_not_compared, {"R13"}},
    {ClusterPlant::lost_is_taken_for_done, {"I5", "I9", "I24"}},
    {ClusterPlant::order_is_lost, {"I24"}},
    {ClusterPlant::shims_obey_anybody, {"I2"}},
    {ClusterPlant::ports_given_twice, {"I8"}},
    {ClusterPlant::own_writes_not_awaited, {"P7", "P8", "I1", "I24"}},
    {ClusterPlant::any_object_of_that_name, {"I7", "P8", "I24"}},
    {ClusterPlant::no_budget, {"I22"}},
    {ClusterPlant::lease_means_nothing, {"R13", "I2", "I7"}},
};

class ClusterPlants : public testing::TestWithParam<Planted> {};

TEST_P(ClusterPlants, AreFound) {
    const auto& [plant, rules] = GetParam();
    std::vector<std::uint64_t> all;
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) all.push_back(seed);
    std::mutex mutex;
    std::set<std::string> others;

    const auto found = run_seeds(all, [&](std::uint64_t seed) {
        auto heard = complaint(seed, plant);
        if (rules.contains(heard.substr(0, heard.find(':')))) return heard;
        const std::lock_guard lock(mutex);
        if (!heard.empty()) others.insert(std::move(heard));
        return std::string();
    });

    fmt::print("{}\n", found);
    EXPECT_NE(found, "") << "nobody complained of '" << name_of(plant) << "' in " << seeds_max
                         << " seeds; what was heard: " << testing::PrintToString(others);
}

std::string name_of_plant(const testing::TestParamInfo<Planted>& info) { return std::string(name_of(info.param.plant)); }

INSTANTIATE_TEST_SUITE_P(Sim, ClusterPlants, testing::ValuesIn(found_quickly), name_of_plant);
INSTANTIATE_TEST_SUITE_P(DISABLED_Sim, ClusterPlants, testing::ValuesIn(not_seen_yet), name_of_plant);

}  // namespace
}  // namespace gk::sim
