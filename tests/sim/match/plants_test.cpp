#include <set>

#include <gtest/gtest.h>

#include "tests/sim/match/world.hpp"

namespace gk::matchsim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t seeds_max = 60;

// What the run complains of; empty when the defect went unnoticed.
std::string complaint(std::uint64_t seed, Plant plant) {
    World world(seed, plant);
    world.run_for(6min);
    return world.breach().empty() ? world.settle_down() : world.breach();
}

// A defect, and the rule that must complain of it.
struct Planted {
    Plant plant;
    std::string_view rule;
};
constexpr auto planted = std::to_array<Planted>({
    {Plant::acknowledged_too_early, "T1"},
    {Plant::put_back_unheard, "T5"},
    {Plant::commit_blindly, "M"},  // Whichever comes first of the rules of matches.
    {Plant::commit_unfenced, "M3"},
    {Plant::cancelled_and_matched, "T4"},
    {Plant::put_back_at_the_end, "T3"},
    {Plant::over_and_back, "T2"},
    {Plant::exit_unheard, "M6"},
    {Plant::never_released, "S"},
    {Plant::not_stored, "S1"},
    {Plant::more_than_allowed, "S4"},
    {Plant::not_told, "S2"},
    {Plant::event_lost, "E1"},
    {Plant::never_expires, "T6"},
    {Plant::end_forgotten, "M4"},
    {Plant::left_behind, "S5"},
    {Plant::event_passed_over, "E2"},
    {Plant::answers_overwritten, "M5"},
    {Plant::removal_forgotten, "S7"},
    {Plant::slots_given_twice, "S3"},
    {Plant::fewer_than_wanted, "S8"},
    {Plant::back_of_the_line, "T7"},
});
static_assert(planted.size() + 1 == plant_names.size(), "every plant has its rule");

class MatchPlants : public testing::TestWithParam<Planted> {};

TEST_P(MatchPlants, AreFound) {
    const auto [plant, rule] = GetParam();
    std::set<std::string> others;
    for (std::uint64_t seed = 1; seed <= seeds_max; ++seed) {
        const auto found = complaint(seed, plant);
        if (found.starts_with(rule)) return;
        if (!found.empty()) others.insert(found);
    }

    FAIL() << "rule " << rule << " did not complain of '" << name_of(plant) << "' in " << seeds_max
           << " seeds; what was heard: " << testing::PrintToString(others);
}

INSTANTIATE_TEST_SUITE_P(Sim, MatchPlants, testing::ValuesIn(planted), [](const auto& info) { return std::string(name_of(info.param.plant)); });

}  // namespace
}  // namespace gk::matchsim
