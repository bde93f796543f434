#include <gtest/gtest.h>

#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_max = 60;

// What the run complains of; empty when the defect went unnoticed.
std::string complaint(std::uint64_t seed, Plant plant) {
    World world(seed, plant);
    world.run_for(15min);
    if (!world.breach().empty()) return world.breach();
    world.heal();
    return world.settle_down(15min);
}

class Plants : public testing::TestWithParam<Plant> {};

TEST_P(Plants, AreFound) {
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        if (!complaint(seed, GetParam()).empty()) return;
    }

    FAIL() << "the simulator did not find '" << name_of(GetParam()) << "' in " << seeds_max << " seeds";
}

INSTANTIATE_TEST_SUITE_P(Sim, Plants,
                         testing::Values(Plant::skip_verify, Plant::drop_epoch, Plant::clean_frees_disk, Plant::stale_snapshot, Plant::stop_lies,
                                         Plant::half_restore, Plant::no_resume, Plant::same_snapshot_id, Plant::stop_hits_another,
                                         Plant::operation_never_ends, Plant::catalogue_forgets, Plant::early_ready, Plant::blind_to_starting,
                                         Plant::clean_frees_ports, Plant::settings_written_once),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace gk::sim
