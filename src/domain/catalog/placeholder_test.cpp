#include "domain/catalog/placeholder.hpp"

#include <gtest/gtest.h>

namespace gk::catalog {
namespace {

Value value_of(std::string_view name) {
    if (name == "settings.name") return "a b; {{settings.port}}";
    if (name == "settings.port") return 30000;
    if (name == "settings.on") return true;
    return {};
}

Template parsed(std::string_view text) {
    auto result = Template::parse(text);
    if (!result) ADD_FAILURE() << text << ": " << result.error();
    return result ? std::move(*result) : Template();
}

TEST(Template, FillsPlaceholdersOnce) {
    struct Case {
        std::string_view text;
        std::string_view filled;
    };
    const Case cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"--port={{settings.port}}", "--port=30000"},
        {"{{ settings.port }}", "30000"},
        {"{{settings.port}}{{settings.on}}", "30000true"},
        {"x{{settings.nothing}}y", "xy"},
        // What a value holds is text, never a placeholder.
        {"{{settings.name}}", "a b; {{settings.port}}"},
        {"{{{{settings.port}}", "{{settings.port}}"},
        {"{ {x} } }}", "{ {x} } }}"},
        {"${HOME} $(reboot) `reboot`", "${HOME} $(reboot) `reboot`"},
    };
    for (const auto& it : cases) EXPECT_EQ(parsed(it.text).fill_text(value_of), it.filled) << it.text;
}

TEST(Template, KeepsTheTypeOfALonePlaceholder) {
    EXPECT_EQ(parsed("{{settings.port}}").fill(value_of), Value(30000));
    EXPECT_EQ(parsed("{{settings.on}}").fill(value_of), Value(true));
    EXPECT_TRUE(parsed("{{settings.nothing}}").fill(value_of).is_null());
    EXPECT_EQ(parsed("{{settings.port}} ").fill(value_of), Value("30000 "));
    EXPECT_EQ(parsed("").fill(value_of), Value(""));
    EXPECT_TRUE(Template::literal(Value()).fill(value_of).is_null());
    EXPECT_EQ(Template::literal(Value(0.5)).fill_text(value_of), "0.5");
}

TEST(Template, NamesItsPlaceholders) {
    const auto text = parsed("{{a.b}}-{{c}}-{{{{d}}");

    EXPECT_EQ(text.placeholders(), (std::vector<std::string_view>{"a.b", "c"}));
}

TEST(Template, RefusesWhatIsNoPlaceholder) {
    for (const auto* text : {"{{", "a {{settings.x", "{{}}", "{{ }}", "{{A}}", "{{a b}}", "{{a}", "{{$(x)}}", "{{{a}}"})
        EXPECT_FALSE(Template::parse(text)) << text;
}

}  // namespace
}  // namespace gk::catalog
