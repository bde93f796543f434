#include "tests/api/schema.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "tests/support/schema_reference.hpp"

namespace gk::apitest {
namespace {

// Said to people or checked elsewhere (patterns of names and formats of times by the domain's own tests).
const std::set<std::string, std::less<>> known_keywords = {
    "$ref",   "type",    "enum",    "const",     "required",  "properties", "additionalProperties", "items", "oneOf", "description", "pattern",
    "format", "minimum", "maximum", "minLength", "maxLength", "maxItems"};

bool has_type(const Value& value, std::string_view type) {
    if (type == "null") return value.is_null();
    if (type == "string") return value.as_string() != nullptr;
    if (type == "integer") return value.as_int() != nullptr;
    if (type == "number") return value.as_int() != nullptr || value.as_double() != nullptr;
    if (type == "object") return value.as_object() != nullptr;
    if (type == "array") return value.as_array() != nullptr;
    if (type == "boolean") return value == Value(true) || value == Value(false);
    return false;
}

bool has_any_type(const Value& value, const Value& types) {
    if (types.as_string() != nullptr) return has_type(value, *types.as_string());
    return std::ranges::any_of(*types.as_array(), [&](const Value& type) { return has_type(value, *type.as_string()); });
}

}  // namespace

std::vector<std::string> SchemaCheck::complaints(const Value& schema, const Value& value) const {
    std::vector<std::string> out;
    check(schema, value, "", out);
    return out;
}

void SchemaCheck::check(const Value& given, const Value& value, const std::string& at, std::vector<std::string>& out) const {
    const auto& schema = *test::resolve(document_, &given);
    if (schema.as_object() == nullptr) return;
    for (const auto& [keyword, argument] : *schema.as_object()) {
        if (!known_keywords.contains(keyword)) out.push_back(fmt::format("{}: the check does not know '{}'", at, keyword));
    }
    if (const auto* types = schema.find("type"); types != nullptr && !has_any_type(value, *types)) {
        out.push_back(fmt::format("{}: {} is no {}", at, to_json(value), to_json(*types)));
        return;
    }
    if (const auto* choices = schema.find("enum");
        choices != nullptr && std::ranges::find(*choices->as_array(), value) == choices->as_array()->end()) {
        out.push_back(fmt::format("{}: {} is none of {}", at, to_json(value), to_json(*choices)));
    }
    if (const auto* only = schema.find("const"); only != nullptr && !(*only == value))
        out.push_back(fmt::format("{}: is not {}", at, to_json(*only)));
    if (const auto* options = schema.find("oneOf")) {
        const auto fits = std::ranges::count_if(*options->as_array(), [&](const Value& option) { return complaints(option, value).empty(); });
        if (fits != 1) out.push_back(fmt::format("{}: {} of the alternatives fit", at, fits));
    }
    if (value.as_object() != nullptr) check_object(schema, value, at, out);
    if (const auto* most = schema.find("maxItems"); most != nullptr && value.as_array() != nullptr) {
        if (std::cmp_greater(value.as_array()->size(), *most->as_int())) out.push_back(fmt::format("{}: is longer than {}", at, *most->as_int()));
    }
    const auto* items = schema.find("items");
    if (items == nullptr || value.as_array() == nullptr) return;
    for (std::size_t i = 0; i < value.as_array()->size(); ++i) check(*items, (*value.as_array())[i], fmt::format("{}/{}", at, i), out);
}

void SchemaCheck::check_object(const Value& schema, const Value& value, const std::string& at, std::vector<std::string>& out) const {
    if (const auto* required = schema.find("required")) {
        for (const auto& name : *required->as_array()) {
            if (value.find(*name.as_string()) == nullptr) out.push_back(fmt::format("{}/{}: is missing", at, *name.as_string()));
        }
    }
    const auto* properties = schema.find("properties");
    const auto* others = schema.find("additionalProperties");
    const bool closed = others == nullptr ? properties != nullptr : *others == Value(false);
    for (const auto& [name, member] : *value.as_object()) {
        const auto* property = properties != nullptr ? properties->find(name) : nullptr;
        if (property != nullptr) check(*property, member, at + "/" + name, out);
        else if (closed) out.push_back(fmt::format("{}/{}: is not in the document", at, name));
        else if (others != nullptr && others->as_object() != nullptr) check(*others, member, at + "/" + name, out);
    }
}

}  // namespace gk::apitest
