#include "programs/manifests/resource_definitions.hpp"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "programs/manifests/definition_parts.hpp"
#include "programs/manifests/fleet_definition.hpp"
#include "programs/manifests/server_rules.hpp"
#include "programs/manifests/structural.hpp"

namespace gk::programs {
namespace {

Value replicas_schema() {
    return Value::object(
        {{"type", "integer"},
         {"default", 1},
         {"description", "1: it is to run. 0: it is to be paused; its world stays."},
         {"x-kubernetes-validations",
          Value::array({rule("self >= 0 && self <= 1", "a world runs once: 0 or 1; more than one copy is what the kind Fleet is for")})}});
}

Value spec_schema(const StructuralSchemas& api) {
    auto spec = api.part_of("ServerCreate", {"game", "package", "resources", "settings", "labels", "schedules", "backup_every", "launch", "wake",
                                             "idle", "notify", "exposure", "world"});
    member_of(spec, "properties").set("replicas", replicas_schema());
    spec.set("required", Value::array({"game"}));
    add_spec_rules(spec);
    return spec;
}

Value endpoints_schema(const StructuralSchemas& api) {
    auto endpoint = api.part_of("Endpoint", {"role", "protocol", "host", "port"});
    return Value::object({{"type", "array"}, {"items", std::move(endpoint)}});
}

Value status_schema(const StructuralSchemas& api) {
    auto status = api.part_of("Server", {"uid", "state", "phase", "reason", "message"});
    auto& members = member_of(status, "properties");
    members.set("players", api.part_of("Players", {"online", "max"}));
    members.set("endpoints", endpoints_schema(api));
    members.set("address", text_schema());
    members.set("conditions", conditions_schema());
    members.set("observedGeneration", number_schema());
    members.set("replicas", number_schema());
    members.set("selector", text_schema());
    auto declared = open_schema();
    declared.set("description", "What was declared, and the record, when the two were brought together last.");
    members.set("declared", std::move(declared));
    auto record = text_schema();
    record.set("description", "The control plane's own record of this server. Whoever changes it loses a world.");
    members.set("record", std::move(record));
    return status;
}

Value server_schema(const StructuralSchemas& api) {
    return Value::object({{"type", "object"},
                          {"required", Value::array({"spec"})},
                          {"properties", Value::object({{"apiVersion", text_schema()},
                                                        {"kind", text_schema()},
                                                        {"metadata", metadata_schema()},
                                                        {"spec", spec_schema(api)},
                                                        {"status", status_schema(api)}})},
                          {"x-kubernetes-validations", server_rules()}});
}

Value server_columns() {
    return Value::array({column("Game", "string", ".spec.game"), column("State", "string", ".status.state"),
                         column("Players", "integer", ".status.players.online"), column("Address", "string", ".status.address"),
                         column("Age", "date", ".metadata.creationTimestamp"), wide_column("Phase", "string", ".status.phase"),
                         wide_column("Accepted", "string", ".status.conditions[?(@.type=='Accepted')].status"),
                         wide_column("Message", "string", ".status.message")});
}

Value game_server(const StructuralSchemas& api) {
    auto names = Value::object({{"kind", "GameServer"},
                                {"listKind", "GameServerList"},
                                {"plural", "gameservers"},
                                {"singular", "gameserver"},
                                {"shortNames", Value::array({"gs"})},
                                {"categories", Value::array({"all"})}});
    return definition({.names = std::move(names), .schema = server_schema(api), .columns = server_columns(), .scaled = ".spec.replicas"});
}

// A definition as in a file, whose name is that of the object.
Value game_spec(const Value& format) {
    const StructuralSchemas schemas(*format.find("$defs"), StructuralSchemas::Defaults::left_out);
    auto root = Value::object({{"type", "object"}, {"properties", *format.find("properties")}});
    auto spec = schemas.of(root);
    Value::Array required;
    for (const auto& name : *format.find("required")->as_array()) {
        if (name != Value("name")) required.push_back(name);
    }
    spec.set("required", std::move(required));
    member_of(member_of(spec, "properties"), "name").set("maxLength", 32);
    return spec;
}

Value game_rules() {
    return Value::array({rule_at("!has(self.spec.name) || self.spec.name == self.metadata.name", "a Game's name is that of its object", ".spec.name"),
                         rule("self.metadata.name.matches('^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$')",
                              "a game's name may have 1 to 32 lower-case letters, digits and '-', with no '-' at either end")});
}

Value game_status() {
    auto accepted = open_schema();
    accepted.set("description", "The definition that counts: this one, or the last right one while this one is wrong.");
    return Value::object(
        {{"type", "object"},
         {"properties",
          Value::object({{"conditions", conditions_schema()}, {"observedGeneration", number_schema()}, {"accepted", std::move(accepted)}})}});
}

Value game(const Value& format) {
    auto names = Value::object({{"kind", "Game"}, {"listKind", "GameList"}, {"plural", "games"}, {"singular", "game"}});
    auto schema = Value::object({{"type", "object"},
                                 {"required", Value::array({"spec"})},
                                 {"properties", Value::object({{"apiVersion", text_schema()},
                                                               {"kind", text_schema()},
                                                               {"metadata", metadata_schema()},
                                                               {"spec", game_spec(format)},
                                                               {"status", game_status()}})},
                                 {"x-kubernetes-validations", game_rules()}});
    const auto condition = [](std::string_view type, std::string_view member) {
        return fmt::format(".status.conditions[?(@.type=='{}')].{}", type, member);
    };
    auto columns =
        Value::array({column("Title", "string", ".spec.title"), column("Accepted", "string", condition("Accepted", "status")),
                      column("Available", "string", condition("Available", "status")), column("Age", "date", ".metadata.creationTimestamp"),
                      wide_column("Message", "string", condition("Accepted", "message"))});
    return definition({.names = std::move(names), .schema = std::move(schema), .columns = std::move(columns), .scaled = {}});
}

}  // namespace

std::vector<Value> resource_definitions(const Value& api, const Value& game_format) {
    const StructuralSchemas schemas(*api.find("components")->find("schemas"));
    return {game_server(schemas), game(game_format), fleet_definition(schemas)};
}

}  // namespace gk::programs
