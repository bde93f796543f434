#include "api/decode.hpp"

#include <fmt/format.h>

#include "net/json/json.hpp"

namespace gk::server {

bool decode(const Value& value, const std::string& pointer, Errors& errors, Resources& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cpu_millis", out.cpu.count);
    in.required("memory_mib", out.memory.count);
    in.required("disk_mib", out.disk.count);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Schedule& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.at);
    in.required("do", out.action);
    in.optional("command", out.command);
    return in.finish();
}

}  // namespace gk::server

namespace gk::api {
namespace {

void read_world(ObjectReader& in, app::CreateOrder& out) {
    std::string world;
    in.optional("world", world);
    if (world == "adopt") out.world = app::CreateOrder::World::adopt;
    else if (world == "fresh") out.world = app::CreateOrder::World::fresh;
    else if (!world.empty()) in.fail("world", "not_allowed", fmt::format("'{}' is not one of: adopt, fresh", world));
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, app::CreateOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.required("id", out.id);
    in.optional("namespace", out.space);
    in.required("game", out.game);
    in.optional("package", out.package);
    in.optional("resources", out.resources);
    in.optional("settings", out.settings);
    in.optional("labels", out.labels);
    in.optional("schedules", out.schedules);
    in.optional("backup_every", out.backup_every);
    read_world(in, out);
    in.optional("start", out.start);
    return in.finish();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, app::PatchOrder& out) {
    ObjectReader in(value, pointer, errors);
    in.optional("settings", out.settings);
    in.optional("labels", out.labels);
    in.optional("schedules", out.schedules);
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
    if (out.name.size() > 64) in.fail("name", "out_of_range", "a key's name has at most 64 bytes");
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
