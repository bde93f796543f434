#include "base/value.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

TEST(Value, RendersAsCompactJsonInTheOrderOfItsKeys) {
    const auto value = Value::object({{"b", 1}, {"a", Value::array({true, Value(), 1.5, "x\"\\\n\x01"})}, {"e", Value::Object()}});

    EXPECT_EQ(to_json(value), R"({"b":1,"a":[true,null,1.5,"x\"\\\n\u0001"],"e":{}})");
}

TEST(Value, AnObjectTakesItsMembersWithoutCopyingThem) {
    std::string text(100, 'x');
    const char* const place = text.data();

    const auto value = Value::object({{"list", Value::array({Value::object({{"text", std::move(text)}})})}});

    EXPECT_EQ(value.find("list")->as_array()->front().find("text")->as_string()->data(), place);
}

TEST(Value, SetReplacesOrAppends) {
    Value value;

    value.set("a", 1);
    value.set("b", 2);
    value.set("a", "x");

    EXPECT_EQ(to_json(value), R"({"a":"x","b":2})");
    EXPECT_EQ(value.find("c"), nullptr);
}

TEST(Value, MarksDoNotCountWhenComparing) {
    Value a(1);
    a.set_mark({3, 4});

    EXPECT_EQ(a, Value(1));
}

}  // namespace
}  // namespace gk
