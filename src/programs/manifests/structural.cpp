#include "programs/manifests/structural.hpp"

#include <utility>

#include "base/assert.hpp"

namespace gk::programs {
namespace {

// `type: [string, "null"]`. What may be of several types besides has none in a structural schema.
void set_type(Value& out, const Value& type) {
    const auto* types = type.as_array();
    if (types == nullptr) {
        out.set("type", type);
        return;
    }
    std::vector<Value> others;
    for (const auto& one : *types) {
        if (one != Value("null")) others.push_back(one);
    }
    if (others.size() == 1) out.set("type", others.front());
    else out.set("x-kubernetes-preserve-unknown-fields", true);
    if (others.size() < types->size()) out.set("nullable", true);
}

bool is_open_object(const Value& schema) {
    const auto* type = schema.find("type");
    return type != nullptr && *type == Value("object") && schema.find("properties") == nullptr && schema.find("additionalProperties") == nullptr;
}

}  // namespace

const Value& StructuralSchemas::source(std::string_view name) const {
    const auto* found = schemas_.find(name);
    ASSERT(found != nullptr, "every schema that is referred to is described");
    return *found;
}

Value StructuralSchemas::named(std::string_view name) const { return of(source(name)); }

Value StructuralSchemas::of(const Value& schema) const {
    if (const auto* reference = schema.find("$ref")) {
        const std::string_view text = *reference->as_string();
        auto out = named(text.substr(text.rfind('/') + 1));
        if (const auto* said = schema.find("description")) out.set("description", *said);
        return out;
    }
    auto out = Value::object();
    if (schema.find("enum") != nullptr && schema.find("type") == nullptr) out.set("type", "string");
    for (const auto& [keyword, value] : *schema.as_object()) take(out, keyword, value);
    if (is_open_object(schema)) out.set("x-kubernetes-preserve-unknown-fields", true);
    return out;
}

void StructuralSchemas::take(Value& out, std::string_view keyword, const Value& value) const {
    if (keyword == "type") {
        set_type(out, value);
    } else if (keyword == "properties") {
        auto members = Value::object();
        for (const auto& [member, its_schema] : *value.as_object()) members.set(member, of(its_schema));
        out.set(keyword, std::move(members));
    } else if (keyword == "items" || (keyword == "additionalProperties" && value.as_object() != nullptr)) {
        out.set(keyword, of(value));
    } else if (keyword == "anyOf") {
        out.set("x-kubernetes-preserve-unknown-fields", true);
    } else if (keyword == "default") {
        if (defaults_ == Defaults::taken_over) out.set(keyword, value);
    } else if (keyword != "additionalProperties" && keyword != "propertyNames") {
        out.set(keyword, value);
    }
}

Value StructuralSchemas::part_of(std::string_view name, const std::vector<std::string_view>& members) const {
    const auto& whole = *source(name).find("properties");
    auto properties = Value::object();
    for (const auto member : members) {
        const auto* schema = whole.find(member);
        ASSERT(schema != nullptr, "every schema that is referred to is described");
        properties.set(member, of(*schema));
    }
    return Value::object({{"type", "object"}, {"properties", std::move(properties)}});
}

}  // namespace gk::programs
