#include <map>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/match/world.hpp"
#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

namespace gk::matchsim {
namespace {

using namespace std::chrono_literals;
using sim::seeds;

struct Sum {
    std::mutex mutex;
    std::map<std::string, std::uint64_t> ends;  // Of tickets, by state and reason.
    std::uint64_t steps = 0;
    std::uint64_t matches = 0;

    void add(World& world) {
        const std::lock_guard lock(mutex);
        steps += world.hall().trace.count();
        matches += world.hall().matches->matches.size();
        for (const auto& [id, stored] : world.hall().matches->tickets)
            ++ends[fmt::format("{} {}", name_of(stored.ticket.state), stored.ticket.reason)];
    }
};

std::string live(std::uint64_t seed, Sum& sum) {
    World world(seed);
    world.hall().trace.keep(sim::number_in("GK_SIM_STEPS", 50));
    world.run_for(10min);
    const auto wrong = world.breach().empty() ? world.settle_down() : world.breach();
    sum.add(world);
    if (wrong.empty()) return {};
    return fmt::format("{}\nreplay with: GK_SIM_SEED={}\nthe last steps:\n{}", wrong, seed, world.hall().trace.last_steps());
}

TEST(MatchSimulation, NobodyIsLostAndEverythingEndsWell) {
    Sum sum;
    const auto chosen = seeds(50);
    const auto failure = sim::run_seeds(chosen, [&](std::uint64_t seed) { return live(seed, sum); });
    ASSERT_EQ(failure, "");
    fmt::print("{} seeds, {} events, {} matches\n", chosen.size(), sum.steps, sum.matches);
    for (const auto& [what, count] : sum.ends) fmt::print("  {:8} {}\n", count, what);
}

TEST(MatchSimulation, IsTheSameForTheSameSeed) {
    for (const std::uint64_t seed : {3U, 17U}) {
        World first(seed), second(seed);
        first.run_for(5min);
        second.run_for(5min);
        EXPECT_EQ(first.hall().trace.hash(), second.hall().trace.hash());
        EXPECT_EQ(first.hall().trace.count(), second.hall().trace.count());
    }
}

}  // namespace
}  // namespace gk::matchsim
