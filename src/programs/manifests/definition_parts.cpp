#include "programs/manifests/definition_parts.hpp"

#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"

namespace gk::programs {

Value rule(std::string_view expression, std::string_view message) { return Value::object({{"rule", expression}, {"message", message}}); }
Value rule_at(std::string_view expression, std::string_view message, std::string_view path) {
    auto out = rule(expression, message);
    out.set("fieldPath", path);
    return out;
}

Value rule_saying(std::string_view expression, std::string_view message_expression, std::string_view path) {
    auto out = Value::object({{"rule", expression}, {"messageExpression", message_expression}});
    if (!path.empty()) out.set("fieldPath", path);
    return out;
}

Value duration_rule() {
    return rule_saying(fmt::format("self != '' && self.matches('{}')", duration_form),
                       R"("'" + self + "' is no duration; write whole numbers with d, h, m, s or ms, such as \"1h30m\"")", {});
}

Value column(std::string_view name, std::string_view type, std::string_view path) {
    return Value::object({{"name", name}, {"type", type}, {"jsonPath", path}});
}
Value wide_column(std::string_view name, std::string_view type, std::string_view path) {
    auto out = column(name, type, path);
    out.set("priority", 1);
    return out;
}

Value text_schema() { return Value::object({{"type", "string"}}); }
Value number_schema() { return Value::object({{"type", "integer"}}); }
Value open_schema() { return Value::object({{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}}); }

Value& member_of(Value& object, std::string_view name) {
    for (auto& [key, value] : *object.as_object()) {
        if (key == name) return value;
    }
    return object.set(name, Value::object());
}

Value conditions_schema() {
    auto members = Value::object({{"type", text_schema()},
                                  {"status", text_schema()},
                                  {"reason", text_schema()},
                                  {"message", text_schema()},
                                  {"observedGeneration", number_schema()},
                                  {"lastTransitionTime", Value::object({{"type", "string"}, {"format", "date-time"}})}});
    auto condition = Value::object({{"type", "object"},
                                    {"required", Value::array({"type", "status", "reason", "message", "lastTransitionTime"})},
                                    {"properties", std::move(members)}});
    return Value::object({{"type", "array"},
                          {"items", std::move(condition)},
                          {"x-kubernetes-list-type", "map"},
                          {"x-kubernetes-list-map-keys", Value::array({"type"})}});
}

Value metadata_schema() {
    auto name = Value::object({{"type", "string"}, {"maxLength", 253}});
    return Value::object({{"type", "object"}, {"properties", Value::object({{"name", std::move(name)}})}});
}

Value definition(Definition kind) {
    const auto plural = *kind.names.find("plural")->as_string();
    auto metadata = Value::object({{"name", fmt::format("{}.{}", plural, kubernetes::group)},
                                   // What is declared outlives an uninstall.
                                   {"annotations", Value::object({{"helm.sh/resource-policy", "keep"}})}});
    auto subresources = Value::object({{"status", Value::object()}});
    if (!kind.scaled.empty()) {
        subresources.set("scale", Value::object({{"specReplicasPath", std::move(kind.scaled)},
                                                 {"statusReplicasPath", ".status.replicas"},
                                                 {"labelSelectorPath", ".status.selector"}}));
    }
    auto version = Value::object({{"name", "v1alpha1"},
                                  {"served", true},
                                  {"storage", true},
                                  {"schema", Value::object({{"openAPIV3Schema", std::move(kind.schema)}})},
                                  {"subresources", std::move(subresources)},
                                  {"additionalPrinterColumns", std::move(kind.columns)}});
    return Value::object({{"apiVersion", "apiextensions.k8s.io/v1"},
                          {"kind", "CustomResourceDefinition"},
                          {"metadata", std::move(metadata)},
                          {"spec", Value::object({{"group", kubernetes::group},
                                                  {"scope", "Namespaced"},
                                                  {"names", std::move(kind.names)},
                                                  {"versions", Value::array({std::move(version)})}})}});
}

}  // namespace gk::programs
