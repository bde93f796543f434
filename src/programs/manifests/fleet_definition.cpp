#include "programs/manifests/fleet_definition.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "programs/manifests/definition_parts.hpp"

namespace gk::programs {
namespace {

// Without an upper bound the API server cannot bound the cost of the rules, either.
Value spec_schema(const StructuralSchemas& api) {
    auto spec = api.named("FleetOrder");
    auto& members = member_of(spec, "properties");
    // As fleet::Fleet has them: what is scaled must be there.
    for (const auto& [name, number] : {std::pair("ready", 1), std::pair("max", 100), std::pair("starting_max", 20)})
        member_of(members, name).set("default", std::int64_t{number});
    auto& start_limit = member_of(members, "start_limit");
    start_limit.set("default", "45s");
    start_limit.set("maxLength", 64);
    start_limit.set(
        "x-kubernetes-validations",
        Value::array({duration_rule(),
                      rule(fmt::format("!self.matches('{}') || self.contains('d') || self == '' || duration(self) >= duration('1s')", duration_form),
                           "a server needs at least 1s to start")}));
    for (const auto* name : {"game", "package"}) member_of(members, name).set("maxLength", 50);
    spec.set("x-kubernetes-validations",
             Value::array({rule_at("self.ready <= self.max", "more servers cannot wait than the fleet may have: raise 'max'", ".ready"),
                           rule_at("self.ready <= 4000", "at most 4000 servers are started ahead", ".ready"),
                           rule_at("self.max >= 1 && self.max <= 24000", "a fleet has 1 to 24000 servers", ".max"),
                           rule_at("self.starting_max >= 1", "at least one server must be allowed to start at once", ".starting_max"),
                           rule_at("!has(self.autopilot) || !has(self.autopilot.most) || self.autopilot.most <= 4000",
                                   "at most 4000 servers are started ahead", ".autopilot.most"),
                           rule_at("!has(self.autopilot) || !has(self.autopilot.least) || !has(self.autopilot.most) || "
                                   "self.autopilot.least <= self.autopilot.most",
                                   "least is above most", ".autopilot.least")}));
    return spec;
}

Value status_schema() {
    auto members = Value::object({{"conditions", conditions_schema()}, {"selector", text_schema()}, {"accepted", open_schema()}});
    for (const auto* name : {"observedGeneration", "replicas", "starting", "ready", "allocated"}) members.set(name, number_schema());
    member_of(members, "replicas").set("description", "Servers that wait for a match or come up: what scaling changes.");
    member_of(members, "accepted").set("description", "The spec that counts: this one, or the last right one while this one is wrong.");
    return Value::object({{"type", "object"}, {"properties", std::move(members)}});
}

Value schema(const StructuralSchemas& api) {
    auto name = rule("self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$')",
                     "a fleet's name has 1 to 40 of a-z, 0-9 and '-', and no '-' at its ends");
    return Value::object({{"type", "object"},
                          {"required", Value::array({"spec"})},
                          {"properties", Value::object({{"apiVersion", text_schema()},
                                                        {"kind", text_schema()},
                                                        {"metadata", metadata_schema()},
                                                        {"spec", spec_schema(api)},
                                                        {"status", status_schema()}})},
                          {"x-kubernetes-validations", Value::array({std::move(name)})}});
}

Value columns() {
    return Value::array({column("Game", "string", ".spec.game"), column("Wanted", "integer", ".spec.ready"),
                         column("Ready", "integer", ".status.ready"), column("Allocated", "integer", ".status.allocated"),
                         column("Age", "date", ".metadata.creationTimestamp"),
                         wide_column("Accepted", "string", ".status.conditions[?(@.type=='Accepted')].status"),
                         wide_column("Message", "string", ".status.conditions[?(@.type=='Accepted')].message")});
}

}  // namespace

Value fleet_definition(const StructuralSchemas& api) {
    auto names = Value::object(
        {{"kind", "Fleet"}, {"listKind", "FleetList"}, {"plural", "fleets"}, {"singular", "fleet"}, {"shortNames", Value::array({"fl"})}});
    return definition({.names = std::move(names), .schema = schema(api), .columns = columns(), .scaled = ".spec.ready"});
}

}  // namespace gk::programs
