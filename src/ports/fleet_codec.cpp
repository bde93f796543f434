#include "ports/fleet_codec.hpp"

#include <fmt/format.h>

#include "domain/server/binding_codec.hpp"

namespace gk::fleet {

Value to_value(const Autopilot& autopilot) {
    return Value::object({{"least", std::int64_t{autopilot.least}},
                          {"most", std::int64_t{autopilot.most}},
                          {"percent", std::int64_t{autopilot.percent}},
                          {"calm", duration_text(autopilot.calm)}});
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Autopilot& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("least", out.least);
    in.optional("most", out.most);
    in.optional("percent", out.percent);
    in.optional("calm", out.calm);
    return in.finish_lenient();
}

Value to_value(const Fleet& fleet) {
    Value::Object settings;
    for (const auto& [name, setting] : fleet.settings) settings.emplace_back(name, setting);
    auto value = Value::object({{"name", fleet.name},
                                {"game", fleet.game},
                                {"package", fleet.package},
                                {"settings", std::move(settings)},
                                {"ready", std::int64_t{fleet.ready}},
                                {"max", std::int64_t{fleet.most}},
                                {"starting_max", std::int64_t{fleet.starting_most}},
                                {"start_limit", duration_text(fleet.start_limit)},
                                {"generation", static_cast<std::int64_t>(fleet.generation)}});
    if (fleet.autopilot) value.set("autopilot", to_value(*fleet.autopilot));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Fleet& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("game", out.game);
    in.optional("package", out.package);
    in.optional("settings", out.settings);
    in.optional("ready", out.ready);
    in.optional("max", out.most);
    in.optional("starting_max", out.starting_most);
    in.optional("start_limit", out.start_limit);
    in.optional("generation", out.generation);
    in.optional("autopilot", out.autopilot);
    return in.finish_lenient();
}

}  // namespace gk::fleet
namespace gk {
namespace {

template <class IdType>
void read_id(ObjectReader& in, std::string_view key, std::optional<IdType>& out) {
    std::string text;
    in.optional(key, text);
    if (text.empty()) return;
    out = IdType::parse(text);
    if (!out) in.fail(key, "bad_format", fmt::format("'{}' is no id", text));
}

}  // namespace

Value to_value(const FleetServer& server) {
    Value::Array ports;
    for (const auto& port : server.ports) ports.push_back(server::to_value(port));
    auto value = Value::object({{"uid", server.uid.text()},
                                {"name", server.name},
                                {"fleet", server.fleet},
                                {"game", server.game},
                                {"state", name_of(server.state)},
                                {"generation", static_cast<std::int64_t>(server.generation)},
                                {"since", rfc3339(server.since)},
                                {"ports", std::move(ports)},
                                {"slot", std::int64_t{server.slot}}});
    if (server.match) value.set("match", server.match->text());
    if (server.is_foreign) value.set("foreign", true);
    if (!server.beside.empty()) value.set("beside", server.beside);
    if (server.memory.count > 0) value.set("memory_mib", server.memory.count);
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, FleetServer& out) {
    ObjectReader in(value, pointer, errors);
    std::optional<ServerUid> uid;
    read_id(in, "uid", uid);
    if (uid) out.uid = *uid;
    in.required("name", out.name);
    in.optional("fleet", out.fleet);
    in.required("game", out.game);
    in.required("state", out.state);
    in.optional("generation", out.generation);
    in.required("since", out.since);
    read_id(in, "match", out.match);
    in.optional("foreign", out.is_foreign);
    in.optional("beside", out.beside);
    in.optional("memory_mib", out.memory.count);
    in.required("ports", out.ports);
    in.required("slot", out.slot);
    return in.finish_lenient() && uid.has_value();
}

}  // namespace gk
