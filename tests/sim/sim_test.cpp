#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/seeds.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

std::string replay(std::uint64_t seed, const World& world) {
    return fmt::format("replay with: GK_SIM_SEED={}\nthe last steps:\n{}", seed, world.last_steps());
}

// Processor time, so that the figure means the same on a busy machine.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Legal moves that the simulator does not make.
constexpr auto excused = std::to_array<std::pair<server::Phase, server::Event>>({
    {server::Phase::validating, server::Event::step_failed},    // A launch that does not render is `invalid`; all else is tried again where it is.
    {server::Phase::running, server::Event::move_asked},        // A machine has one node.
    {server::Phase::paused, server::Event::move_asked},         //
    {server::Phase::deploying, server::Event::move_asked},      //
    {server::Phase::address_allocation, server::Event::start_timed_out},  // The address of a machine is there at once.
    {server::Phase::backup_check, server::Event::disk_found},   // A disk that was away and comes back; here what is lost stays lost.
    {server::Phase::backup_check, server::Event::step_failed},  // A lost disk when every backup of it is damaged: rare beyond a thousand seeds.
});

// What all runs of a test have come to together.
struct Sum {
    std::mutex mutex;
    Ground::Edges edges;
    std::uint64_t steps = 0;

    void add(World& world) {
        const std::lock_guard lock(mutex);
        for (const auto& [edge, count] : world.ground().edges_seen()) edges[edge] += count;
        steps += world.steps();
    }
};

std::string live(std::uint64_t seed, Sum& sum) {
    World world(seed);
    world.run_for(15min);
    if (!world.breach().empty()) return world.breach() + "\n" + replay(seed, world);
    world.heal();
    const auto unrest = world.settle_down(15min);
    sum.add(world);
    return unrest.empty() ? std::string() : unrest + "\n" + replay(seed, world);
}

TEST(Simulation, KeepsEveryWorldAndComesToRestOnceFaultsStop) {
    Sum sum;
    const auto chosen = seeds(200);
    const auto begun = cpu_seconds();
    const auto failure = run_seeds(chosen, [&](std::uint64_t seed) { return live(seed, sum); });
    ASSERT_EQ(failure, "");
    const auto took = cpu_seconds() - begun;
    auto& edges = sum.edges;
    fmt::print("{} seeds, {} events, {:.1f} s of processor time: {:.0f} events/s\n", chosen.size(), sum.steps, took,
               static_cast<double>(sum.steps) / took);

    for (const auto& edge : server::lifecycle) {
        fmt::print("  {:8} {:20} {}\n", edges[{edge.from, edge.on}], name_of(edge.from), name_of(edge.on));
    }
    // With so many seeds every legal move has been made; one that was not is dead, or the simulator does not go there.
    if (chosen.size() < 1000) return;
    for (const auto& edge : server::lifecycle) {
        const bool is_excused = std::ranges::find(excused, std::pair(edge.from, edge.on)) != excused.end();
        if (!is_excused) EXPECT_GT((edges[{edge.from, edge.on}]), 0U) << name_of(edge.from) << " never met " << name_of(edge.on);
    }
}

TEST(Simulation, IsTheSameForTheSameSeed) {
    for (const std::uint64_t seed : {3U, 17U, 92U}) {
        World first(seed), second(seed);
        first.run_for(10min);
        second.run_for(10min);

        EXPECT_EQ(first.hash(), second.hash());
        EXPECT_EQ(first.steps(), second.steps());
    }
}

}  // namespace
}  // namespace gk::sim
