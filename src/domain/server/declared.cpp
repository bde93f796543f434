#include "domain/server/declared.hpp"

#include <utility>

namespace gk::server {
namespace {

Value declared(const Schedule& schedule) {
    auto out = Value::object({{"at", schedule.at}, {"do", name_of(schedule.action)}});
    if (!schedule.command.empty()) out.set("command", schedule.command);
    return out;
}

Value declared(const Resources& resources) {
    return Value::object({{"cpu_millis", std::int64_t{resources.cpu.count}},
                          {"memory_mib", std::int64_t{resources.memory.count}},
                          {"disk_mib", std::int64_t{resources.disk.count}}});
}

template <class T>
void set_map(Value& out, std::string_view name, const std::map<std::string, T>& members) {
    if (members.empty()) return;
    Value::Object object;
    for (const auto& [key, value] : members) object.emplace_back(key, value);
    out.set(name, std::move(object));
}

}  // namespace

Value declared(const Record& record) {
    auto out = Value::object({{"game", record.game}});
    // A server has the resources of its package, or its own.
    if (record.package.empty()) out.set("resources", declared(record.resources));
    else out.set("package", record.package);
    set_map(out, "settings", record.settings);
    set_map(out, "labels", record.labels);
    Value::Array schedules;
    for (const auto& schedule : record.schedules) schedules.push_back(declared(schedule));
    if (!schedules.empty()) out.set("schedules", std::move(schedules));
    if (record.backup_every) out.set("backup_every", duration_text(*record.backup_every));
    if (record.launch != LaunchWay::shim) out.set("launch", name_of(record.launch));
    if (record.wake) out.set("wake", to_value(*record.wake));
    if (record.idle) out.set("idle", to_value(*record.idle));
    if (!record.notify.empty()) out.set("notify", Value::Array(record.notify.begin(), record.notify.end()));
    if (record.exposure) out.set("exposure", to_value(*record.exposure));
    out.set("replicas", record.wanted == Wanted::running ? 1 : 0);
    return out;
}

}  // namespace gk::server
