#include "api/decode.hpp"

#include <fmt/format.h>

#include "net/json/json.hpp"

namespace gk::api {
namespace {

// As people send them: stricter than the stored documents of the same things, which newer versions may have written.
struct ResourcesBody {
    server::Resources resources;
};
struct ScheduleBody {
    server::Schedule schedule;
};

bool decode(const Value& value, const std::string& pointer, Errors& errors, ResourcesBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cpu_millis", out.resources.cpu.count);
    in.required("memory_mib", out.resources.memory.count);
    in.required("disk_mib", out.resources.disk.count);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, ScheduleBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.schedule.at);
    in.required("do", out.schedule.action);
    in.optional("command", out.schedule.command);
    return in.finish();
}

void read_resources(ObjectReader& in, std::optional<server::Resources>& out) {
    std::optional<ResourcesBody> body;
    in.optional("resources", body);
    if (body) out = body->resources;
}

std::optional<std::vector<server::Schedule>> read_schedules(ObjectReader& in) {
    std::optional<std::vector<ScheduleBody>> bodies;
    in.optional("schedules", bodies);
    if (!bodies) return std::nullopt;
    std::vector<server::Schedule> out;
    for (auto& body : *bodies) out.push_back(std::move(body.schedule));
    return out;
}

void read_world(ObjectReader& in, app::CreateOrder& out) {
    std::string world;
    in.optional("world", world);
    if (world == "adopt") out.world = app::CreateOrder::World::adopt;
    else if (world == "fresh") out.world = app::CreateOrder::World::fresh;
    else if (!world.empty()) in.fail("world", "not_allowed", fmt::format("'{}' is not one of: adopt, fresh", world));
}

// null removes a label.
struct LabelChange {
    std::optional<std::string> text;
};
bool decode(const Value& value, const std::string& pointer, Errors& errors, LabelChange& out) {
    return value.is_null() || decode(value, pointer, errors, out.text.emplace());
}

std::optional<std::map<std::string, std::optional<std::string>>> read_label_changes(ObjectReader& in) {
    std::optional<std::map<std::string, LabelChange>> said;
    in.optional("labels", said);
    if (!said) return std::nullopt;
    std::map<std::string, std::optional<std::string>> changes;
    for (auto& [name, change] : *said) changes.emplace(name, std::move(change.text));
    return changes;
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, app::CreateOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    in.optional("namespace", out.space);
    in.required("game", out.game);
    in.optional("package", out.package);
    read_resources(in, out.resources);
    in.optional("settings", out.settings);
    in.optional("labels", out.labels);
    out.schedules = read_schedules(in).value_or(std::vector<server::Schedule>());
    in.optional("backup_every", out.backup_every);
    read_world(in, out);
    in.optional("start", out.start);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, app::PatchOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("settings", out.settings);
    out.labels = read_label_changes(in);
    out.schedules = read_schedules(in);
    in.optional("backup_every", out.backup_every);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, ForceBody& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("force", out.force);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, RestoreBody& out) {
    ObjectReader in(value, pointer, errors);
    std::string text;
    in.required("snapshot", text);
    const auto id = SnapshotId::parse(text);
    if (!text.empty() && !id) in.fail("snapshot", "bad_format", fmt::format("'{}' is no snapshot id; GET .../snapshots lists them", text));
    if (id) out.snapshot = *id;
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, CommandBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("command", out.command);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, KeyBody& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    if (out.name.empty() || out.name.size() > 64) in.fail("name", "out_of_range", "a key's name has 1 to 64 bytes");
    in.optional("scope", out.scope);
    return in.finish();
}

Result<Value, app::Error> parse_body(std::string_view text) {
    if (text.empty()) return Value(Value::Object());
    auto parsed = net::parse_json(text);
    if (parsed) return std::move(*parsed);
    const auto& error = parsed.error();
    return std::unexpected(app::invalid({{.pointer = "",
                                          .code = "bad_json",
                                          .detail = fmt::format("line {}, column {}: {}", error.line, error.column, error.message),
                                          .mark = {error.line, error.column}}}));
}

}  // namespace gk::api
