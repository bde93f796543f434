#include "domain/catalog/setting.hpp"

#include <gtest/gtest.h>

#include "domain/catalog/render.hpp"

namespace gk::catalog {
namespace {

Game game_with_settings() {
    Game game;
    game.title = "Toy";
    game.settings = {
        {.name = "name", .initial = "unnamed", .pattern = "[a-z ]*", .size_max_bytes = 10},
        {.name = "news", .size_max_bytes = 20, .multiline = true},
        {.name = "slots", .type = SettingType::integer, .initial = 8, .min = 1, .max = 64},
        {.name = "speed", .type = SettingType::number, .initial = 1, .min = 0.5},
        {.name = "fire", .type = SettingType::boolean},
        {.name = "mode", .type = SettingType::choice, .choices = {"easy", "hard"}},
        {.name = "token", .secret = true},
    };
    game.player_limit = "slots";
    return game;
}

std::string codes(const std::vector<FieldError>& errors) {
    std::string out;
    for (const auto& error : errors) out += error.pointer + " " + error.code + "; ";
    return out;
}

TEST(Settings, AreChecked) {
    struct Case {
        std::string name;
        Value value;
        std::string_view code;  // Empty: accepted.
    };
    const Case cases[] = {
        {"name", "a b", ""},
        {"name", "", ""},
        {"name", "A", "bad_format"},
        {"name", "a\nb", "bad_format"},
        {"name", 5, "wrong_type"},
        {"name", "\xff", "bad_format"},
        {"name", "abcdefghijk", "out_of_range"},
        {"name", Value(), ""},
        {"news", "a\n\tb", ""},
        {"news", "a\rb", "bad_format"},
        {"news", std::string("a\0b", 3), "bad_format"},
        {"slots", 1, ""},
        {"slots", 64, ""},
        {"slots", 0, "out_of_range"},
        {"slots", 65, "out_of_range"},
        {"slots", 1.0, "wrong_type"},
        {"slots", "8", "wrong_type"},
        {"slots", true, "wrong_type"},
        {"speed", 0.5, ""},
        {"speed", 2, ""},
        {"speed", 0.4, "out_of_range"},
        {"fire", false, ""},
        {"fire", 0, "wrong_type"},
        {"mode", "hard", ""},
        {"mode", "Hard", "not_allowed"},
        {"mode", 1, "not_allowed"},
        {"nothing", 1, "unknown_field"},
    };
    for (const auto& it : cases) {
        const auto errors = validate_settings(game_with_settings(), {{it.name, it.value}});
        const auto expected = it.code.empty() ? "" : "/settings/" + it.name + " " + std::string(it.code) + "; ";
        EXPECT_EQ(codes(errors), expected) << it.name << " = " << to_json(it.value);
    }
}

TEST(Settings, AreReportedAllAtOnce) {
    const auto errors = validate_settings(game_with_settings(), {{"slots", 0}, {"mode", "x"}, {"slotz", 1}});

    EXPECT_EQ(codes(errors), "/settings/mode not_allowed; /settings/slots out_of_range; /settings/slotz unknown_field; ");
    EXPECT_EQ(errors.back().detail, "Toy has no setting 'slotz'; did you mean 'slots'?");
}

TEST(Settings, MustBeGivenWhereAPublisherDemandsIt) {
    Game game;
    game.settings = {{.name = "eula", .type = SettingType::choice, .choices = {"accepted"}, .required = true, .link = "https://example.org/eula"}};

    const auto errors = validate_settings(game, {});

    ASSERT_EQ(codes(errors), "/settings/eula required; ");
    EXPECT_EQ(errors.front().detail, "'eula' must be set to one of: accepted; read https://example.org/eula first");
    EXPECT_EQ(codes(validate_settings(game, {{"eula", Value()}})), "/settings/eula required; ");
    EXPECT_TRUE(validate_settings(game, {{"eula", "accepted"}}).empty());
}

TEST(Settings, TakeTheirDefaults) {
    const auto settings = effective_settings(game_with_settings(), {{"slots", 3}, {"name", Value()}, {"gone", 1}});

    EXPECT_EQ(settings, (SettingValues{{"name", "unnamed"}, {"slots", 3}, {"speed", 1}}));
    EXPECT_EQ(player_limit(game_with_settings(), {{"slots", 3}}), 3);
    EXPECT_EQ(player_limit(game_with_settings(), {}), 8);
}

TEST(Settings, HideTheSecretOnes) {
    const auto seen = visible_settings(game_with_settings(), {{"token", "hunter2"}, {"slots", 3}});

    EXPECT_EQ(seen, (SettingValues{{"token", "[secret]"}, {"slots", 3}}));
}

TEST(Settings, OfASecretAreNeverRepeatedInAnError) {
    auto game = game_with_settings();
    game.settings.back().pattern = "[0-9]+";

    const auto errors = validate_settings(game, {{"token", "hunter2"}});

    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors.front().detail.find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace gk::catalog
