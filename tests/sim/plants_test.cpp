#include <gtest/gtest.h>

#include "tests/sim/planted.hpp"
#include "tests/sim/world.hpp"

namespace gk::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_max = 200;

// What the run complains of; empty when the defect went unnoticed.
std::string complaint(std::uint64_t seed, Plant plant) {
    World world(seed, plant);
    world.run_for(15min);
    if (!world.breach().empty()) return world.breach();
    world.heal();
    return world.settle_down(15min);
}

// A defect, and the rule that must complain of it. Every rule that can be broken from outside the keeper has one.
struct Planted {
    Plant plant;
    std::string_view rule;
};
constexpr auto planted = std::to_array<Planted>({
    {Plant::skip_verify, "I12"},
    {Plant::drop_epoch, "I2"},
    {Plant::clean_frees_disk, "P8"},
    {Plant::stale_snapshot, "P8"},
    {Plant::stop_lies, "I12"},
    {Plant::half_restore, "P7"},
    {Plant::no_resume, "I24"},
    {Plant::same_snapshot_id, "P8"},
    {Plant::stop_hits_another, "I7"},
    {Plant::operation_never_ends, "I24"},
    {Plant::catalogue_forgets, "I24"},
    {Plant::early_ready, "I12"},
    {Plant::blind_to_starting, "I4"},
    {Plant::ports_freed_early, "I8"},
    {Plant::ports_never_freed, "I10"},
    {Plant::ports_do_not_rest, "I8"},
    {Plant::settings_written_once, "I11"},
    {Plant::acknowledged_too_early, "I5"},
    {Plant::key_forgotten, "I6"},
    {Plant::phase_skipped, "I9"},
    {Plant::disk_left_behind, "I24"},
    {Plant::newest_pruned, "I13"},
    {Plant::kept_world_forgotten, "I10"},
    {Plant::fence_does_nothing, "I2"},
    {Plant::command_typed_twice, "I6"},
    {Plant::stop_does_not_wait, "I1"},
    {Plant::save_does_not_sync, "P7"},
    {Plant::no_back_off, "R20"},
    {Plant::never_gives_up, "R20"},
    {Plant::commit_does_not_sync, "I12"},
    {Plant::pruned_too_young, "I13"},
    {Plant::kept_time_cut_short, "P8"},
    {Plant::last_write_wins, "I5"},
    {Plant::ledger_not_fenced, "I2"},
});
static_assert(planted.size() + 1 == plant_names.size(), "every plant has its rule");

class Plants : public testing::TestWithParam<Planted> {};

TEST_P(Plants, AreFound) {
    const auto [plant, rule] = GetParam();
    EXPECT_TRUE(is_found(name_of(plant), rule, seeds_max, [plant](std::uint64_t seed) { return complaint(seed, plant); }));
}

INSTANTIATE_TEST_SUITE_P(Sim, Plants, testing::ValuesIn(planted), [](const auto& info) { return std::string(name_of(info.param.plant)); });

}  // namespace
}  // namespace gk::sim
