#include "net/json/json.hpp"

#include <string>

#include <gtest/gtest.h>

namespace gk::net {
namespace {

Value parsed(std::string_view text) {
    auto value = parse_json(text);
    if (!value) ADD_FAILURE() << text << ": " << value.error().message;
    return value ? std::move(*value) : Value();
}

std::string refusal(std::string_view text, JsonLimits limits = {}) {
    const auto value = parse_json(text, limits);
    return value ? "accepted" : value.error().message;
}

TEST(Json, ReadsEveryKindOfValue) {
    const auto value = parsed(R"( {"a": [1, -2.5, "x\u00e4\n", true, null], "b": {}} )");

    EXPECT_EQ(to_json(value), "{\"a\":[1,-2.5,\"xä\\n\",true,null],\"b\":{}}");
}

TEST(Json, WholeNumbersThatFitAreIntegersAndOthersDoubles) {
    EXPECT_EQ(parsed("9223372036854775807"), Value(std::int64_t{9223372036854775807}));
    EXPECT_EQ(parsed("-9223372036854775808"), Value(std::int64_t{-9223372036854775807 - 1}));
    EXPECT_EQ(parsed("9223372036854775808"), Value(9223372036854775808.0));
    EXPECT_EQ(parsed("1e2"), Value(100.0));
    EXPECT_EQ(parsed("1.0"), Value(1.0));
    EXPECT_EQ(parsed("1e-999"), Value(0.0));
    EXPECT_EQ(to_json(parsed("-0e18")), "0");
    EXPECT_EQ(parsed("0.1"), Value(0.1));
    EXPECT_EQ(parsed("2.2250738585072011e-308"), Value(2.2250738585072011e-308));
}

TEST(Json, KeepsTheOrderOfNames) { EXPECT_EQ(to_json(parsed(R"({"z":1,"a":2,"m":3})")), R"({"z":1,"a":2,"m":3})"); }

TEST(Json, RefusesWhatHostileOrCarelessClientsSend) {
    const std::string not_utf8 = "\"\xC3\x28\"";
    struct Row {
        std::string_view text;
        std::string_view message;
    };
    const Row rows[] = {
        {R"({"id":1,"b":2,"id":3})", R"(the name "id" stands twice in one object; keep one of them)"},
        {R"([{"a":{"x":1,"\u0078":2}}])", R"(the name "x" stands twice in one object; keep one of them)"},
        {"1 2", "there is something behind the end of the value; send one value only"},
        {"{}}", "there is something behind the end of the value; send one value only"},
        {"[1,", "the text ends in the middle of a value"},
        {"", "the text ends in the middle of a value"},
        {"1e999", "the number is too large for a double"},
        {"{'a':1}", "this is not JSON"},
        {"[1,]", "this is not JSON"},
        {"// c\n1", "this is not JSON"},
        {"NaN", "this is not JSON"},
        {"01", "there is something behind the end of the value; send one value only"},
    };
    for (const auto& row : rows) EXPECT_EQ(refusal(row.text), row.message) << row.text;
    EXPECT_NE(refusal(not_utf8), "accepted");
    EXPECT_NE(refusal(R"("\ud800")"), "accepted");
    EXPECT_NE(refusal("\"a\nb\""), "accepted");
    EXPECT_NE(refusal("\xEF\xBB\xBF{}"), "accepted");
}

TEST(Json, LimitsDepthAndSize) {
    const std::string deep = std::string(33, '[') + std::string(33, ']');
    const std::string allowed = std::string(32, '[') + std::string(32, ']');

    EXPECT_EQ(refusal(deep), "arrays and objects are nested more than 32 deep");
    EXPECT_EQ(refusal(allowed), "accepted");
    EXPECT_EQ(refusal("[1, 2]", {.depth = 32, .size = 5}), "the text has 6 bytes, of which at most 5 are allowed");
}

TEST(Json, SaysWhereItStopped) {
    const auto value = parse_json("{\n  \"a\": 1,\n  \"b\": nope\n}");

    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().line, 3);
    EXPECT_GE(value.error().column, 8);
}

TEST(Json, AnObjectOfManyShortNamesIsReadInLinearithmicTime) {
    std::string text = "{";
    for (int i = 0; i < 60'000; ++i) text += '"' + std::to_string(i) + "\":0,";
    text += "\"x\":0}";

    EXPECT_EQ(parsed(text).as_object()->size(), 60'001u);
}

// Whole doubles are printed without a point, as JavaScript does, and so come back as integers: they are left out.
TEST(Json, PrintedValuesReadBackEqual) {
    for (const std::string_view text : {R"([0.1,-1.5e-300,123456789012345678])", R"({"":"","\u0000":"\u0000"})", R"(["\ud83d\ude00\"\\\/"])"}) {
        const auto value = parsed(text);
        EXPECT_EQ(parsed(to_json(value)), value) << text;
    }
}

}  // namespace
}  // namespace gk::net
