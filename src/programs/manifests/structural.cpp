#include "programs/manifests/structural.hpp"

#include <utility>

#include "base/assert.hpp"

namespace gk::programs {
namespace {

constexpr std::string_view reference_prefix = "#/components/schemas/";

// `type: [string, "null"]`.
void set_type(Value& out, const Value& type) {
    const auto* types = type.as_array();
    if (types == nullptr) {
        out.set("type", type);
        return;
    }
    for (const auto& one : *types) {
        if (one == Value("null")) out.set("nullable", true);
        else out.set("type", one);
    }
}

bool is_open_object(const Value& schema) {
    const auto* type = schema.find("type");
    return type != nullptr && *type == Value("object") && schema.find("properties") == nullptr && schema.find("additionalProperties") == nullptr;
}

}  // namespace

const Value& StructuralSchemas::source(std::string_view name) const {
    const Value* at = &document_;
    for (const auto word : {std::string_view("components"), std::string_view("schemas"), name}) {
        at = at->find(word);
        ASSERT(at != nullptr, "api/openapi.yaml describes it");
    }
    return *at;
}

Value StructuralSchemas::named(std::string_view name) const { return of(source(name)); }

Value StructuralSchemas::of(const Value& schema) const {
    if (const auto* reference = schema.find("$ref")) return named(std::string_view(*reference->as_string()).substr(reference_prefix.size()));
    auto out = Value::object();
    if (schema.find("enum") != nullptr && schema.find("type") == nullptr) out.set("type", "string");
    for (const auto& [name, value] : *schema.as_object()) {
        if (name == "type") {
            set_type(out, value);
        } else if (name == "properties") {
            auto members = Value::object();
            for (const auto& [member, its_schema] : *value.as_object()) members.set(member, of(its_schema));
            out.set(name, std::move(members));
        } else if (name == "items" || (name == "additionalProperties" && value.as_object() != nullptr)) {
            out.set(name, of(value));
        } else if (name != "additionalProperties") {  // Unknown members are pruned or refused by the API server itself.
            out.set(name, value);
        }
    }
    if (is_open_object(schema)) out.set("x-kubernetes-preserve-unknown-fields", true);
    return out;
}

Value StructuralSchemas::part_of(std::string_view name, const std::vector<std::string_view>& members) const {
    const auto& whole = *source(name).find("properties");
    auto properties = Value::object();
    for (const auto member : members) {
        const auto* schema = whole.find(member);
        ASSERT(schema != nullptr, "api/openapi.yaml describes it");
        properties.set(member, of(*schema));
    }
    return Value::object({{"type", "object"}, {"properties", std::move(properties)}});
}

}  // namespace gk::programs
