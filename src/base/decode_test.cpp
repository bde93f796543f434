#include "base/decode.hpp"

#include <gtest/gtest.h>

namespace gk {
namespace {

struct Sample {
    std::string id;
    std::uint16_t port = 7;
    Milliseconds patience{0};
    std::map<std::string, std::vector<std::int64_t>> lists;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, Sample& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    in.optional("port", out.port);
    in.optional("patience", out.patience);
    in.optional("lists", out.lists);
    return in.finish();
}

TEST(Decode, ReadsWhatIsThereAndLeavesDefaults) {
    Errors errors;
    Sample out;

    const auto value = Value::object({{"id", "a"}, {"patience", "90s"}, {"lists", Value::object({{"x", Value::array({1, 2})}})}});

    EXPECT_TRUE(decode(value, "", errors, out));
    EXPECT_EQ(out.id, "a");
    EXPECT_EQ(out.port, 7);
    EXPECT_EQ(out.patience, std::chrono::seconds(90));
    EXPECT_EQ(out.lists.at("x").size(), 2u);
}

TEST(Decode, ReportsEveryErrorAtOnceWithItsPlace) {
    Errors errors;
    Sample out;

    const auto value =
        Value::object({{"port", 70000}, {"patience", "soon"}, {"lists", Value::object({{"a/b", Value::array({1, "x"})}})}, {"prot", 1}});

    EXPECT_FALSE(decode(value, "/s", errors, out));
    std::vector<std::string> seen;
    for (const auto& e : errors.list()) seen.push_back(e.pointer + " " + e.code);
    EXPECT_EQ(seen, (std::vector<std::string>{"/s/id required", "/s/port out_of_range", "/s/patience bad_format", "/s/lists/a~1b/1 wrong_type",
                                              "/s/prot unknown_field"}));
    EXPECT_NE(errors.list().back().detail.find("did you mean 'port'"), std::string::npos);
}

TEST(Decode, SomethingElseThanAnObjectIsOneError) {
    Errors errors;
    Sample out;

    EXPECT_FALSE(decode(Value("text"), "", errors, out));
    EXPECT_EQ(errors.list().size(), 1u);
}

}  // namespace
}  // namespace gk
