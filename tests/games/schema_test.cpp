#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "domain/catalog/game.hpp"
#include "tests/games/read_file.hpp"
#include "tests/support/schema_reference.hpp"

// The published schema and the reader must know the same keys, or editors lead people astray.
namespace gk::catalog {
namespace {

const std::string root = GK_SOURCE_DIR;

const Value& schema() {
    static const Value document = games_test::read_document(root + "/docs/formats/game.schema.json");
    return document;
}

std::set<std::string> keys_of(const Value& object) {
    std::set<std::string> out;
    if (const auto* properties = object.find("properties")) {
        for (const auto& [name, member] : *properties->as_object()) out.insert(name);
    }
    return out;
}

// The document with one more member in the object that `path` leads to (names and list positions); missing parts are made.
Value with_unknown_key(Value document, const std::vector<std::string>& path) {
    Value* at = &document;
    for (const auto& step : path) {
        if (step == "0") {
            if (at->as_array() == nullptr) *at = Value::array({Value::object()});
            if (at->as_array()->empty()) at->as_array()->emplace_back(Value::object());
            at = &at->as_array()->front();
            if (at->as_object() == nullptr) *at = Value::object();
        } else {
            if (at->find(step) == nullptr || at->find(step)->is_null()) at->set(step, Value());
            for (auto& [name, member] : *at->as_object()) {
                if (name == step) at = &member;
            }
            if (at->is_null()) *at = Value::object();
        }
    }
    at->set("zzzzzzzzzz", 1);
    return document;
}

// What the reader says it knows at that place.
std::set<std::string> known_to_reader(const std::vector<std::string>& path) {
    const auto game = decode_game(with_unknown_key(games_test::read_document(root + "/tests/games/toy.yaml"), path));
    std::set<std::string> out;
    if (game) return out;
    std::string pointer;
    for (const auto& step : path) pointer = pointer_to(pointer, step);
    for (const auto& error : game.error()) {
        if (error.pointer != pointer_to(pointer, "zzzzzzzzzz")) continue;
        constexpr std::string_view lead = "known are: ";
        const auto at = error.detail.find(lead);
        EXPECT_NE(at, std::string::npos) << error.detail;
        for (const auto name : split(error.detail.substr(at + lead.size()), ',')) out.insert(std::string(trimmed(name)));
    }
    return out;
}

struct Place {
    std::vector<std::string> path;
    std::string definition;  // In $defs; empty: the root.
};

const Place places[] = {
    {{}, ""},
    {{"sources", "0"}, "source"},
    {{"sources", "0", "debian"}, "debian"},
    {{"sources", "0", "directory"}, "directory"},
    {{"sources", "0", "fetch"}, "fetch"},
    {{"sources", "0", "npm"}, "npm"},
    {{"sources", "0", "image"}, "image"},
    {{"command", "0"}, "conditional_argument"},
    {{"ports", "0"}, "port"},
    {{"settings", "greeting"}, "setting"},
    {{"files", "0"}, "file"},
    {{"files", "0", "lines", "0"}, "text_line"},
    {{"memory"}, "memory"},
    {{"minimum"}, "minimum"},
    {{"packages", "large"}, "package"},
    {{"exposure"}, "exposure"},
    {{"launch"}, "launch"},
    {{"launch", "init", "0"}, "init"},
    {{"ready"}, "ready"},
    {{"stop", "0"}, "stop_step"},
    {{"console"}, "console"},
    {{"quiesce"}, "quiesce"},
    {{"announce"}, "announce"},
    {{"players"}, "players"},
    {{"wake"}, "wake"},
    {{"save"}, "save"},
};

const Value& definition(const std::string& name) { return name.empty() ? schema() : *schema().find("$defs")->find(name); }

TEST(GameSchema, ListsExactlyTheKeysThatTheReaderKnows) {
    for (const auto& place : places) {
        SCOPED_TRACE(place.definition);
        EXPECT_EQ(keys_of(definition(place.definition)), known_to_reader(place.path));
    }
}

TEST(GameSchema, HasNoObjectThatThisTestForgets) {
    std::set<std::string> objects;
    for (const auto& [name, node] : *schema().find("$defs")->as_object()) {
        if (node.find("properties") != nullptr) objects.insert(name);
    }
    std::set<std::string> tested;
    for (const auto& place : places) {
        if (!place.definition.empty()) tested.insert(place.definition);
    }
    EXPECT_EQ(objects, tested);
}

// The part of JSON Schema that is about keys: enough to see that a definition and the schema mean the same document.
void expect_fits(const Value& value, const Value& schema_node, const std::string& pointer) {
    const auto& node = *test::resolve(schema(), &schema_node);
    if (const auto* options = node.find("anyOf")) {
        const auto& text_or_object = *options->as_array();
        return expect_fits(value, value.as_object() != nullptr ? text_or_object.back() : text_or_object.front(), pointer);
    }
    if (const auto* names = node.find("enum")) {
        EXPECT_NE(std::ranges::find(*names->as_array(), value), names->as_array()->end()) << pointer << " is " << to_json(value);
    }
    if (const auto* items = node.find("items"); items != nullptr && value.as_array() != nullptr) {
        for (std::size_t i = 0; i < value.as_array()->size(); ++i) expect_fits(value.as_array()->at(i), *items, pointer_to(pointer, i));
    }
    if (value.as_object() == nullptr) return;
    if (const auto* required = node.find("required")) {
        for (const auto& name : *required->as_array()) EXPECT_NE(value.find(*name.as_string()), nullptr) << pointer << " lacks " << *name.as_string();
    }
    const auto* properties = node.find("properties");
    const auto* others = node.find("additionalProperties");
    for (const auto& [name, member] : *value.as_object()) {
        const auto* known = properties != nullptr ? properties->find(name) : nullptr;
        if (known != nullptr) expect_fits(member, *known, pointer_to(pointer, name));
        else if (others != nullptr && others->as_object() != nullptr) expect_fits(member, *others, pointer_to(pointer, name));
        else EXPECT_TRUE(others == nullptr) << pointer_to(pointer, name) << " is not in the schema";
    }
}

TEST(GameSchema, FitsEveryShippedGame) {
    for (const auto* path : {"/games/bzflag.yaml", "/games/minetest.yaml", "/games/openarena.yaml", "/games/teeworlds.yaml", "/tests/games/toy.yaml",
                             "/tests/games/check/castle.yaml", "/docs/formats/freeciv.yaml"}) {
        SCOPED_TRACE(path);
        expect_fits(games_test::read_document(root + path), schema(), "");
    }
}

// Also those that show a part of a definition.
TEST(GameSchema, FitsEveryExampleOfItsDocument) {
    const auto document = games_test::read_file(root + "/docs/formats/game.md");
    int examples = 0;
    for (auto at = document.find("```yaml\n"); at != std::string::npos; at = document.find("```yaml\n", at)) {
        const auto begin = document.find('\n', at) + 1;
        at = document.find("\n```", begin);
        const auto example = wire::parse_yaml(document.substr(begin, at - begin));
        ASSERT_TRUE(example) << example.error().message;
        auto whole = games_test::read_document(root + "/tests/games/check/castle.yaml");
        for (const auto& [name, member] : *example->as_object()) whole.set(name, member);
        expect_fits(whole, schema(), "");
        const auto game = decode_game(whole);
        EXPECT_TRUE(game) << error_line("game.md", game.error().front());
        ++examples;
    }
    EXPECT_EQ(examples, 3);
}

}  // namespace
}  // namespace gk::catalog
