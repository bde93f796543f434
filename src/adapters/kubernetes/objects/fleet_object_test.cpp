#include "adapters/kubernetes/objects/fleet_object.hpp"

#include <gtest/gtest.h>

#include "adapters/kubernetes/objects/conditions.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;

Value object(Value spec) {
    return Value::object({{"metadata", Value::object({{"name", "duels"}, {"uid", "7"}, {"generation", 3}})}, {"spec", std::move(spec)}});
}
Value spec(std::string_view game, int ready) { return Value::object({{"game", game}, {"ready", ready}, {"max", 10}}); }

std::vector<FieldError> knows_toys(const fleet::Fleet& fleet) {
    if (fleet.game == "toy") return {};
    return {{.pointer = "/game", .code = "unknown_game", .detail = "there is no such game", .mark = {}}};
}

TEST(FleetObject, ItsSpecIsTheFleet) {
    auto said = fleet_of("duels", spec("toy", 2));
    ASSERT_TRUE(said);
    EXPECT_EQ(said->name, "duels");
    EXPECT_EQ(said->game, "toy");
    EXPECT_EQ(said->ready, 2U);
    EXPECT_EQ(said->most, 10U);
    EXPECT_EQ(fleet_of("duels", spec_of(*said)).value(), *said);
    EXPECT_EQ(spec_of(*said).find("name"), nullptr);
}

TEST(FleetObject, AnotherKindOfServerIsAnotherGenerationAndAnotherNumberIsNot) {
    const auto two = fleet_of("duels", spec("toy", 2)), three = fleet_of("duels", spec("toy", 3)), other = fleet_of("duels", spec("chess", 2));
    auto with_setting = spec("toy", 2);
    with_setting.set("settings", Value::object({{"map", "castle"}}));
    EXPECT_EQ(two->generation, three->generation);
    EXPECT_NE(two->generation, other->generation);
    EXPECT_NE(two->generation, fleet_of("duels", with_setting)->generation);
    EXPECT_LE(two->generation, static_cast<std::uint64_t>(INT64_MAX)) << "it is stored as a signed number";
}

TEST(FleetObject, TheLastRightSpecCountsWhileThisOneIsWrong) {
    EXPECT_FALSE(judge(object(spec("chess", 2)), knows_toys).accepted);

    auto was_right = object(spec("toy", 2));
    const auto right = judge(was_right, knows_toys);
    ASSERT_TRUE(right.accepted);
    EXPECT_TRUE(right.refused.empty());

    auto wrong = object(spec("chess", 5));
    wrong.set("status", fleet_status_with(was_right, right, {}, Time()));
    const auto verdict = judge(wrong, knows_toys);
    EXPECT_EQ(verdict.accepted, right.accepted);
    EXPECT_EQ(verdict.refused, "spec/game: there is no such game");
}

TEST(FleetObject, ItsStatusSaysWhatHasComeOfIt) {
    const auto it = object(spec("toy", 2));
    const auto verdict = judge(it, knows_toys);
    const auto coming = fleet_status_with(it, verdict, {.starting = 1, .ready = 1, .allocated = 4, .limit = "back_off"}, Time());

    EXPECT_EQ(*find_at(coming, {"replicas"}), Value(2)) << "what scaling changes: those in matches are not among them";
    EXPECT_EQ(*find_at(coming, {"allocated"}), Value(4));
    EXPECT_EQ(*find_at(coming, {"observedGeneration"}), Value(3));
    const auto not_ready = condition_in(conditions_in(coming), "Ready");
    EXPECT_EQ(not_ready->status, "False");
    EXPECT_EQ(not_ready->reason, "BackOff");
    EXPECT_EQ(not_ready->message, "1 of 2 servers wait");

    const auto there = fleet_status_with(it, verdict, {.starting = 0, .ready = 2, .allocated = 0, .limit = {}}, Time());
    EXPECT_EQ(condition_in(conditions_in(there), "Ready")->status, "True");
    EXPECT_EQ(condition_in(conditions_in(there), "Accepted")->status, "True");
}

TEST(FleetObject, OwnsItsServers) {
    const auto owner = owner_reference(object(spec("toy", 2)));
    EXPECT_EQ(*owner.find("kind"), Value("Fleet"));
    EXPECT_EQ(*owner.find("uid"), Value("7"));
    EXPECT_EQ(*owner.find("controller"), Value(true)) << "kubectl drain refuses pods that nobody answers for";
}

}  // namespace
}  // namespace gk::kubernetes
