#include "app/intake/changes.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace gk::app {
namespace {

Value settings(Value::Object members) { return Value::object({{"game", "toy"}, {"settings", std::move(members)}}); }

struct Row {
    std::string_view what;
    Value before;
    Value after;
    std::string_view changes;
};

TEST(Changes, AreWhatDiffersAndMakeTheOneIntoTheOther) {
    const Row rows[] = {
        {"nothing", settings({{"a", 1}}), settings({{"a", 1}}), "{}"},
        {"another order", Value::object({{"game", "toy"}, {"replicas", 1}}), Value::object({{"replicas", 1}, {"game", "toy"}}), "{}"},
        {"a setting", settings({{"a", 1}, {"b", 2}}), settings({{"a", 3}, {"b", 2}}), R"({"settings":{"a":3}})"},
        {"a setting more", settings({{"a", 1}}), settings({{"a", 1}, {"b", 2}}), R"({"settings":{"b":2}})"},
        {"a setting less", settings({{"a", 1}, {"b", 2}}), settings({{"a", 1}}), R"({"settings":{"b":null}})"},
        {"all settings less", settings({{"a", 1}}), Value::object({{"game", "toy"}}), R"({"settings":{"a":null}})"},
        {"first settings", Value::object({{"game", "toy"}}), settings({{"a", 1}}), R"({"settings":{"a":1}})"},
        {"a list", Value::object({{"schedules", Value::array({1})}}), Value::object({{"schedules", Value::array({1, 2})}}), R"({"schedules":[1,2]})"},
        {"a member less", Value::object({{"game", "toy"}, {"package", "small"}}), Value::object({{"game", "toy"}}), R"({"package":null})"},
        {"replicas", Value::object({{"replicas", 1}}), Value::object({{"replicas", 0}}), R"({"replicas":0})"},
    };
    for (const auto& row : rows) {
        const auto changes = changes_between(row.before, row.after);
        EXPECT_EQ(to_json(changes), row.changes) << row.what;
        EXPECT_TRUE(is_same_content(with_changes(row.before, changes), row.after)) << row.what;
    }
}

TEST(Changes, OfTwoWhoChangeAMemberOneIsHeard) {
    const auto ours = Value::object({{"replicas", 0}, {"settings", Value::object({{"a", 1}, {"b", 2}})}, {"package", "small"}});
    const auto theirs = Value::object({{"replicas", 1}, {"settings", Value::object({{"a", 9}})}});

    EXPECT_EQ(to_json(changes_without(ours, theirs)), R"({"settings":{"b":2},"package":"small"})");
    EXPECT_EQ(to_json(changes_without(ours, Value::object())), to_json(ours));
}

TEST(Changes, ThatOnlyAdd) {
    const auto changes =
        Value::object({{"package", Value()}, {"settings", Value::object({{"a", Value()}, {"b", 2}})}, {"labels", Value::object({{"c", Value()}})}});

    EXPECT_EQ(to_json(additions_in(changes)), R"({"settings":{"b":2}})");
}

}  // namespace
}  // namespace gk::app
