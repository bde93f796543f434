#include "wire/yaml/yaml.hpp"

#include <gtest/gtest.h>

namespace gk::wire {
namespace {

Value parsed(std::string_view text) {
    auto result = parse_yaml(text);
    if (!result) ADD_FAILURE() << result.error().line << ":" << result.error().column << ": " << result.error().message << "\n" << text;
    return result ? std::move(*result) : Value();
}

YamlError refusal(std::string_view text, YamlLimits limits = {}) {
    auto result = parse_yaml(text, limits);
    EXPECT_FALSE(result) << text;
    return result ? YamlError{} : result.error();
}

TEST(Yaml, ReadsPlainScalarsByTheCoreSchema) {
    struct Case {
        std::string_view text;
        Value value;
    };
    const Case cases[] = {
        {"", Value()},
        {"~", Value()},
        {"null", Value()},
        {"true", true},
        {"False", false},
        {"yes", "yes"},
        {"no", "no"},
        {"on", "on"},
        {"0", 0},
        {"-12", -12},
        {"+7", 7},
        {"0o17", 15},
        {"0xFf", 255},
        {"0x-1", "0x-1"},
        {"+-1", "+-1"},
        {"007", 7},
        {"1.5", 1.5},
        {".5", 0.5},
        {"1.", 1.0},
        {"-1e3", -1000.0},
        {"1e", "1e"},
        {"1.2.3", "1.2.3"},
        {"-", Value::array({Value()})},
        {"12:30", "12:30"},
        {"2026-11-21", "2026-11-21"},
        {"hello world", "hello world"},
        {"9223372036854775807", std::int64_t{9223372036854775807}},
        {"9223372036854775808", 9223372036854775808.0},
    };
    for (const auto& it : cases) {
        const auto value = parsed(it.text);
        EXPECT_EQ(value, it.value) << it.text << " became " << to_json(value);
        EXPECT_EQ(value.type_name(), it.value.type_name()) << it.text;
    }
}

TEST(Yaml, KeepsQuotedAndBlockScalarsAsTexts) {
    EXPECT_EQ(parsed("'12'"), Value("12"));
    EXPECT_EQ(parsed("\"true\""), Value("true"));
    EXPECT_EQ(parsed("a: |\n  12\n"), Value::object({{"a", "12\n"}}));
    EXPECT_EQ(parsed("a: >-\n  one\n  two\n"), Value::object({{"a", "one two"}}));
    EXPECT_EQ(parsed("''"), Value(""));
}

TEST(Yaml, ReadsNestedDocumentsInOrder) {
    const auto value = parsed("b: [1, {x: y}]\na:\n  - p: 1\n    q:\n  - r\n");

    EXPECT_EQ(to_json(value), R"({"b":[1,{"x":"y"}],"a":[{"p":1,"q":null},"r"]})");
}

TEST(Yaml, ReadsJson) { EXPECT_EQ(to_json(parsed("{\"a\": [1, 2.5, \"x\\n\", null], \"b\": {}}")), R"({"a":[1,2.5,"x\n",null],"b":{}})"); }

TEST(Yaml, MarksEveryValueWithItsPlace) {
    const auto value = parsed("name: minetest\nports:\n  - role: game\n    at: [1,\n         2]\n");

    EXPECT_EQ(value.mark(), (Mark{1, 1}));
    EXPECT_EQ(value.find("name")->mark(), (Mark{1, 7}));
    const auto& port = value.find("ports")->as_array()->front();
    EXPECT_EQ(port.mark(), (Mark{3, 5}));
    EXPECT_EQ(port.find("at")->as_array()->at(1).mark(), (Mark{5, 10}));
}

TEST(Yaml, RefusesWhatItDoesNotSupportAndSaysWhere) {
    struct Case {
        std::string_view text;
        int line;
        int column;
        std::string_view says;
    };
    const Case cases[] = {
        {"a: 1\nb: 2\na: 3\n", 3, 1, "'a' stands here twice"},
        {"{a: 1, \"a\": 2}", 1, 8, "'a' stands here twice"},
        {"a: &x 1\n", 1, 4, "anchors"},
        {"a: &x [1]\n", 1, 4, "anchors"},
        {"a: *x\n", 1, 4, "aliases"},
        {"a: !!str 1\n", 1, 4, "tags"},
        {"a: !!python/object:os {}\n", 1, 4, "tags"},
        {"a: 1\n---\nb: 1\n", 2, 1, "one document"},
        {"? [1]\n: 2\n", 1, 3, "a key must be"},
        {"a: .inf\n", 1, 4, "no number"},
        {"a: -.INF\n", 1, 4, "no number"},
        {"a: .NaN\n", 1, 4, "no number"},
        {"a: 1e999\n", 1, 4, "no number"},
        {"a: [1\n", 2, 1, "did not find expected"},
        {"a: b: c\n", 1, 5, "mapping values are not allowed"},
        {"\tb: 1\n", 1, 1, "cannot start any token"},
    };
    for (const auto& it : cases) {
        const auto error = refusal(it.text);
        EXPECT_EQ(error.line, it.line) << it.text << error.message;
        EXPECT_EQ(error.column, it.column) << it.text << error.message;
        EXPECT_NE(error.message.find(it.says), std::string::npos) << error.message;
    }
}

TEST(Yaml, RefusesTextThatIsNotUtf8) {
    EXPECT_NE(refusal("a: \xff\n").message.find("UTF-8"), std::string::npos);
    EXPECT_NE(refusal(std::string_view("a: \0\n", 5)).message.find("control"), std::string::npos);
    refusal(
        "\xff\xfe"
        "a\0",
        {});
}

TEST(Yaml, StepsOverAByteOrderMark) {
    EXPECT_EQ(to_json(parsed("\xef\xbb\xbf"
                             "a: 1\nb: 2\n")),
              R"({"a":1,"b":2})");
}

TEST(Yaml, BoundsDepthAndSize) {
    const auto nested = [](int depth) {
        return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
    };
    EXPECT_TRUE(parse_yaml(nested(32)));
    EXPECT_NE(refusal(nested(33)).message.find("more than 32 deep"), std::string::npos);
    // Half a million brackets must fail as fast as thirty-three.
    EXPECT_NE(refusal(std::string(500'000, '[')).message.find("deep"), std::string::npos);

    EXPECT_TRUE(parse_yaml("aaaa", {.size_max_bytes = 4}));
    EXPECT_NE(refusal("aaaaa", {.size_max_bytes = 4}).message.find("5 bytes"), std::string::npos);
}

TEST(Yaml, ReadsALargeObjectWithoutComparingAllKeys) {
    std::string text;
    for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + ": 1\n";

    EXPECT_EQ(parsed(text).as_object()->size(), 50'000u);
}

}  // namespace
}  // namespace gk::wire
