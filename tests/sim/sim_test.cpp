#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

std::string replay(std::uint64_t seed, const World& world) {
    return fmt::format("replay with: GK_SIM_SEED={}\nthe last steps:\n{}", seed, world.last_steps());
}

TEST(Simulation, KeepsEveryWorldAndComesToRestOnceFaultsStop) {
    std::map<server::Phase, std::uint64_t> phases;
    for (const auto seed : seeds(200)) {
        World world(seed);
        world.run_for(20min);
        ASSERT_EQ(world.breach(), "") << replay(seed, world);

        world.heal();
        world.run_for(15min);
        ASSERT_EQ(world.breach(), "") << replay(seed, world);
        ASSERT_EQ(world.unrest(), "") << replay(seed, world);
        for (const auto& [phase, count] : world.phases()) phases[phase] += count;
    }
    if (seeds(200).size() >= 200) EXPECT_EQ(phases.size(), server::phase_names.size()) << "some phase was never reached";
}

TEST(Simulation, IsTheSameForTheSameSeed) {
    for (const std::uint64_t seed : {3u, 17u, 92u}) {
        World first(seed), second(seed);
        first.run_for(10min);
        second.run_for(10min);

        EXPECT_EQ(first.hash(), second.hash());
        EXPECT_EQ(first.steps(), second.steps());
    }
}

}  // namespace
}  // namespace gk::sim
