#include <ctime>
#include <mutex>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/sim/seeds.hpp"
#include "tests/sim/sleep/street.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

// What all runs of a test have come to together.
struct Sum {
    std::mutex mutex;
    std::uint64_t steps = 0;
    std::uint64_t sleeps = 0;
    Visitors::Counts people;

    void add(const World& world, const Street& street) {
        const std::lock_guard lock(mutex);
        steps += world.steps();
        sleeps += street.sleeps();
        const auto& more = street.counts();
        people.came += more.came;
        people.let_in += more.let_in;
        people.met_a_sleeper += more.met_a_sleeper;
        people.thrown_out += more.thrown_out;
        people.waited_longest = std::max(people.waited_longest, more.waited_longest);
    }
};

std::string live(std::uint64_t seed, std::uint64_t hours, Sum& sum) {
    Street* street = nullptr;
    World world(seed, Plant::none, a_street(StreetPlant::none, &street));
    world.run_for(hours * 1h);
    const auto replay = [&] {
        return fmt::format("\nreplay with: GK_SIM_SEED={} GK_SIM_HOURS={}\nthe last steps:\n{}", seed, hours, world.last_steps());
    };
    if (!world.breach().empty()) return world.breach() + replay();
    world.heal();
    const auto unrest = world.settle_down(45min);
    sum.add(world, *street);
    return unrest.empty() ? std::string() : unrest + replay();
}

// Some hours of each of some seeds; `make soak` takes thirty days.
TEST(Sleep, NoWorldIsLostNoKnockIsLostAndNobodyIsPutOutForDays) {
    Sum sum;
    // Hours of one cost what a hundred lives of the other simulators do.
    auto chosen = seeds(400);
    chosen.resize((chosen.size() + 99) / 100);
    const auto hours = number_in("GK_SIM_HOURS", 8);
    const auto begun = std::clock();
    ASSERT_EQ(run_seeds(chosen, [&](std::uint64_t seed) { return live(seed, hours, sum); }), "");
    const auto took = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;  // Means the same on a busy machine.
    const auto lived = static_cast<double>(hours * chosen.size()) / 24;
    const auto& people = sum.people;
    fmt::print(
        "{} seeds of {} hours: {} events, {:.1f} s of processor time, {:.2f} virtual days/s; {} sleeps, {} players came, {} let in, {} of them met a "
        "sleeper, {} lost their game, the longest wait while all was well {:.1f} min\n",
        chosen.size(), hours, sum.steps, took, lived / took, sum.sleeps, people.came, people.let_in, people.met_a_sleeper, people.thrown_out,
        static_cast<double>(people.waited_longest.count()) / 60'000);

    // Else nothing was tried.
    EXPECT_GT(sum.sleeps, 0U);
    EXPECT_GT(people.met_a_sleeper, 0U);
}

TEST(Sleep, IsTheSameForTheSameSeed) {
    World first(3, Plant::none, a_street(StreetPlant::none)), second(3, Plant::none, a_street(StreetPlant::none));
    first.run_for(2h);
    second.run_for(2h);
    EXPECT_EQ(first.hash(), second.hash());
    EXPECT_EQ(first.steps(), second.steps());
}

}  // namespace
}  // namespace gk::sim
