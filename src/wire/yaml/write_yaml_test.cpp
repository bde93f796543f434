#include "wire/yaml/write_yaml.hpp"

#include <gtest/gtest.h>

#include "wire/yaml/yaml.hpp"

namespace gk::wire {
namespace {

TEST(WriteYaml, IsReadBackToTheSameValue) {
    const auto document = Value::object(
        {{"kind", "GameServer"},
         {"texts", Value::array({"yes", "NO", "null", "1", "-", "a: b", "#c", "line\nline", "", " x", "*", "~", "0x1", "1e3", "plain_word"})},
         {"numbers", Value::array({1, -7, 2.5, true, false, Value()})},
         {"empty", Value::object({{"list", Value::Array()}, {"object", Value::object()}})},
         {"on",
          Value::object({{"deep", Value::array({Value::object({{"a", 1}, {"b", Value::array({Value::array({1, 2}), Value::array({3})})}})})}})}});

    const auto text = write_yaml(document);
    const auto read = parse_yaml(text);

    ASSERT_TRUE(read) << read.error().message << " in\n" << text;
    EXPECT_EQ(*read, document) << text;
}

TEST(WriteYaml, LooksAsPeopleWriteIt) {
    const auto document = Value::object({{"kind", "List"}, {"items", Value::array({Value::object({{"name", "a"}, {"size", 1}}), "b"})}});

    EXPECT_EQ(write_yaml(document), "kind: List\nitems:\n  - name: a\n    size: 1\n  - b\n");
    EXPECT_EQ(write_yaml(Value("a b")), "\"a b\"\n");
}

}  // namespace
}  // namespace gk::wire
