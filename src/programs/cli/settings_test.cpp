#include "programs/cli/settings.hpp"

#include <gtest/gtest.h>

namespace gk::programs {
namespace {

Value setting(const char* name, const char* type) { return Value::object({{"name", name}, {"type", type}}); }

Value game() {
    auto mode = setting("mode", "choice");
    mode.set("choices", Value::Array{"easy", std::int64_t{2}});
    return Value::object({{"settings", Value::Array{setting("password", "string"), setting("max", "integer"), setting("speed", "number"),
                                                    setting("pvp", "boolean"), mode}}});
}

TEST(Settings, AValueHasTheTypeThatTheGameGivesIt) {
    struct Case {
        std::string typed, json;
    };
    for (const auto& [typed, json] : std::vector<Case>{{"password=1234", R"({"password":"1234"})"},
                                                       {"password=true", R"({"password":"true"})"},
                                                       {"password=a=b", R"({"password":"a=b"})"},
                                                       {"password=", R"({"password":""})"},
                                                       {"max=12", R"({"max":12})"},
                                                       {"max=-1", R"({"max":-1})"},
                                                       {"max=12x", R"({"max":"12x"})"},
                                                       {"max=null", R"({"max":null})"},
                                                       {"speed=0.5", R"({"speed":0.5})"},
                                                       {"pvp=false", R"({"pvp":false})"},
                                                       {"pvp=no", R"({"pvp":"no"})"},
                                                       {"mode=easy", R"({"mode":"easy"})"},
                                                       {"mode=2", R"({"mode":2})"},
                                                       {"unheard_of=7", R"({"unheard_of":"7"})"}}) {
        EXPECT_EQ(to_json(settings_of(game(), {typed}).value()), json) << typed;
    }
}

TEST(Settings, WhatIsNoPairIsRefused) {
    for (const auto* typed : {"password", "=x", ""}) EXPECT_EQ(settings_of(game(), {typed}).error().exit, exit_usage) << typed;
}

}  // namespace
}  // namespace gk::programs
