// How fast the simulator goes: seeds from 1 or FIRST on, as many as the first argument says, each run as the simulator's own test runs it.
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "tests/sim/world.hpp"

int main(int count, char** arguments) {
    using namespace std::chrono_literals;
    const auto seeds = count >= 2 ? std::strtoull(arguments[1], nullptr, 10) : 0;
    const auto first = count == 3 ? std::strtoull(arguments[2], nullptr, 10) : 1;
    if (seeds == 0) return std::fprintf(stderr, "usage: gk_bench_sim SEEDS [FIRST]\n"), 2;
    std::uint64_t events = 0;
    const auto begun = std::clock();
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        gk::sim::World world(seed);
        world.run_for(15min);
        world.heal();
        const auto unrest = world.settle_down(15min);
        if (!unrest.empty()) return std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), unrest.c_str()), 1;
        events += world.steps();
    }
    // Processor time, so that the figure means the same on a busy machine.
    const double seconds = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    fmt::print("{{\"seeds\": {}, \"events\": {}, \"cpu_s\": {:.2f}, \"events_per_s\": {:.0f}}}\n", seeds, events, seconds,
               static_cast<double>(events) / seconds);
    return 0;
}
