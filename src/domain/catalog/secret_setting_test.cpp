#include "domain/catalog/secret_setting.hpp"

#include <gtest/gtest.h>

#include "domain/catalog/render.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::catalog {
namespace {

Template text(std::string_view it) { return Template::parse(it).value_or(Template()); }

Game toy() {
    Game game;
    game.name = game.title = "toy";
    game.command = {{"", {text("/toy")}}};
    game.env = {{"PASSWORD", text("{{settings.password}}")}};
    game.settings = {{.name = "password", .initial = "", .pattern = "[a-z0-9]*", .secret = true}, {.name = "motd", .initial = ""}};
    return game;
}

server::Record record_with(Value password) {
    server::Record record;
    record.id = "castle";
    record.resources = {{500}, {1024}, {5120}};
    record.settings = {{"password", std::move(password)}};
    return record;
}

Value named(std::string_view name, std::string_view key) { return Value::object({{"secret", Value::object({{"name", name}, {"key", key}})}}); }

TEST(SecretSetting, IsReadFromWhereItIs) {
    const struct {
        Value setting;
        std::map<std::string, Secret> secrets;
    } rows[] = {
        {"swordfish", {}},
        {server::stored_secret("w1"), {{"setting.w1", Secret("swordfish")}, {"setting.w0", Secret("older")}}},
        {named("passwords", "castle"), {{"named.password", Secret("swordfish")}}},
    };
    for (const auto& row : rows) {
        auto record = record_with(row.setting);
        record.secrets = row.secrets;

        const auto spec = render_launch(toy(), record, {});

        ASSERT_TRUE(spec) << spec.error().front().detail;
        EXPECT_EQ(spec->env.at("PASSWORD"), "swordfish") << to_json(row.setting);
    }
}

TEST(SecretSetting, ThatIsNotThereOrNotAllowedKeepsTheGameFromStarting) {
    auto record = record_with(named("passwords", "castle"));
    const auto lacking = render_launch(toy(), record, {});
    ASSERT_FALSE(lacking);
    EXPECT_EQ(lacking.error().front().pointer, "/settings/password");
    EXPECT_EQ(lacking.error().front().detail,
              "there is no key 'castle' in a Secret 'passwords' of namespace 'default' that Gamekeeper may use: make it, and label it "
              "gamekeeper.dev/settings=true");

    record.secrets = {{"named.password", Secret("NOT ALLOWED")}};
    const auto wrong = render_launch(toy(), record, {});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().front().code, "bad_format");
    EXPECT_FALSE(wrong.error().front().detail.contains("NOT ALLOWED"));
}

TEST(SecretSetting, IsCheckedAsWritten) {
    const struct {
        std::string_view name;
        Value value;
        bool is_good;
    } rows[] = {
        {"password", named("passwords", "castle.1_a"), true},  {"password", named("Passwords", "castle"), false},
        {"password", named("a/b", "castle"), false},           {"password", named("passwords", "../x"), false},
        {"password", Value::object({{"secret", "x"}}), false}, {"password", Value::object({{"secret", Value::object({{"name", "x"}})}}), false},
        {"motd", named("passwords", "castle"), false},
    };
    for (const auto& row : rows) EXPECT_EQ(validate_settings(toy(), {{std::string(row.name), row.value}}).empty(), row.is_good) << to_json(row.value);
}

TEST(SecretSetting, IsMaskedUnlessItOnlySaysWhereItIs) {
    const auto shown = [](Value value) { return visible_settings(toy(), {{"password", std::move(value)}}).at("password"); };

    EXPECT_EQ(shown("swordfish"), Value(std::string(masked_setting)));
    EXPECT_EQ(shown(server::stored_secret("w1")), Value(std::string(masked_setting)));
    EXPECT_EQ(shown(named("passwords", "castle")), named("passwords", "castle"));
}

}  // namespace
}  // namespace gk::catalog
