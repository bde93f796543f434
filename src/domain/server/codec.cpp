#include <utility>

#include "domain/server/binding_codec.hpp"
#include "domain/server/counted_version.hpp"
#include "domain/server/record.hpp"

// The stored form of a record. Members that are unknown here were written by a newer version and are passed over; members that are absent were
// written by an older one and keep their defaults. Rename nothing: testdata/record_1.json and its test hold every released form.
namespace gk::server {
namespace {

constexpr int schema = 1;

Value text(Time time) { return rfc3339(time); }
template <class E>
    requires requires { names_of(E{}); }
Value text(E value) {
    return name_of(value);
}
template <class Tag>
Value text(Id<Tag> id) {
    return id.text();
}
Value number(std::int64_t count) { return count; }

template <class T, class Write>
Value list_of(const std::vector<T>& items, Write write) {
    Value::Array out;
    for (const auto& item : items) out.push_back(write(item));
    return out;
}

// Absent optional members are left out.
template <class T, class Write>
void set_if(Value& out, std::string_view key, const std::optional<T>& value, Write write) {
    if (value) out.set(key, write(*value));
}
void set_unless_empty(Value& out, std::string_view key, const std::string& value) {
    if (!value.empty()) out.set(key, value);
}

template <class Map, class Write>
Value object_of(const Map& map, Write write) {
    Value::Object out;
    for (const auto& [name, value] : map) out.emplace_back(name, write(value));
    return out;
}

Value write(const Problem& problem) { return Value::object({{"code", problem.code}, {"detail", problem.detail}}); }

Value write(const Resources& resources) {
    return Value::object(
        {{"cpu_millis", number(resources.cpu.count)}, {"memory_mib", number(resources.memory.count)}, {"disk_mib", number(resources.disk.count)}});
}

Value write(const PortBinding& binding) {
    return Value::object({{"role", binding.role},
                          {"protocol", text(binding.protocol)},
                          {"open", number(std::to_underlying(binding.open))},
                          {"bound", number(std::to_underlying(binding.bound))},
                          {"internal", binding.internal}});
}

Value write(const Schedule& schedule) {
    auto out = Value::object({{"at", schedule.at}, {"do", text(schedule.action)}});
    set_unless_empty(out, "command", schedule.command);
    set_if(out, "last_fired_at", schedule.last_fired_at, [](Time time) { return text(time); });
    return out;
}

Value write(const Request& request) {
    auto out = Value::object({{"operation", text(request.operation)},
                              {"verb", text(request.verb)},
                              {"force", request.force},
                              {"purge", request.purge},
                              {"scheduled", request.cause.kind == Cause::Kind::schedule},
                              {"restored", request.restored},
                              {"asked_at", text(request.asked_at)}});
    set_if(out, "snapshot", request.snapshot, [](SnapshotId id) { return text(id); });
    // Before there were other causes, only schedules were told from people; older versions read on by that.
    const bool says_more = request.cause.kind != Cause::Kind::person && request.cause.kind != Cause::Kind::schedule;
    if (says_more) out.set("cause", to_value(request.cause));
    set_if(out, "failed", request.failed, [](const Problem& problem) { return write(problem); });
    return out;
}

Value write(const Saving& saving) {
    auto out = Value::object({{"id", text(saving.id)},
                              {"consistency", text(saving.consistency)},
                              {"trigger", text(saving.trigger)},
                              {"begun_at", text(saving.begun_at)},
                              {"taken", saving.taken}});
    set_if(out, "spoiled", saving.spoiled, [](const Problem& problem) { return write(problem); });
    return out;
}

Value write(const Start& start) { return Value::object({{"cause", to_value(start.cause)}, {"asked_at", text(start.asked_at)}}); }

Value write(const Staged& staged) { return Value::object({{"snapshot", text(staged.snapshot)}, {"whole", staged.whole}}); }

Value write(const Exit& exit) {
    auto out = Value::object({{"cause", text(exit.cause)}, {"at", text(exit.at)}, {"log_tail", exit.log_tail}});
    set_if(out, "signal", exit.signal, [](int n) { return number(n); });
    set_if(out, "code", exit.code, [](int n) { return number(n); });
    set_if(out, "memory_peak_mib", exit.memory_peak, [](MebiBytes peak) { return number(peak.count); });
    return out;
}

void write_identity(Value& out, const Record& record) {
    const auto as_is = [](const auto& value) { return Value(value); };
    out.set("uid", text(record.uid));
    out.set("id", record.id);
    out.set("namespace", record.space);
    out.set("tenant", record.tenant);
    out.set("game", record.game);
    set_unless_empty(out, "package", record.package);
    out.set("resources", write(record.resources));
    out.set("settings", object_of(record.settings, as_is));
    out.set("applied_settings", object_of(record.applied_settings, as_is));
    out.set("labels", object_of(record.labels, as_is));
    out.set("schedules", list_of(record.schedules, [](const Schedule& it) { return write(it); }));
    set_if(out, "backup_every", record.backup_every, [](Milliseconds every) { return Value(duration_text(every)); });
    set_if(out, "exposure", record.exposure, [](const Exposure& it) { return to_value(it); });
    // What was applied is most often what is wanted, and was always so in older records.
    if (record.applied_exposure != record.exposure)
        out.set("applied_exposure", record.applied_exposure ? to_value(*record.applied_exposure) : Value());
    if (record.launch != LaunchWay::shim) out.set("launch", text(record.launch));
    if (record.applied_launch != record.launch) out.set("applied_launch", text(record.applied_launch));
    set_if(out, "wake", record.wake, [](const WakeWish& it) { return to_value(it); });
    set_if(out, "idle", record.idle, [](const IdleWish& it) { return to_value(it); });
    if (!record.notify.empty()) out.set("notify", list_of(record.notify, as_is));
    out.set("ports", list_of(record.ports, [](const PortBinding& it) { return write(it); }));
    if (record.behind_edge) out.set("behind_edge", true);
    if (record.own_network) out.set("own_network", true);
    set_unless_empty(out, "host", record.host);
    out.set("secrets", object_of(record.secrets, [](const Secret& it) { return Value(it.reveal()); }));
    out.set("slot", number(record.slot));
}

void write_life(Value& out, const Record& record) {
    const auto id_text = [](auto id) { return text(id); };
    out.set("wanted", text(record.wanted));
    out.set("phase", text(record.phase));
    out.set("phase_since", text(record.phase_since));
    set_unless_empty(out, "reason", record.reason);
    set_unless_empty(out, "message", record.message);
    set_if(out, "request", record.request, [](const Request& it) { return write(it); });
    out.set("superseded", list_of(record.superseded, id_text));
    out.set("world_complete", record.world_complete);
    out.set("world_dirty", record.world_dirty);
    if (record.world_lost) out.set("world_lost", true);
    set_if(out, "obstacle", record.obstacle, [](const Problem& problem) { return write(problem); });
    if (record.disk_tied) out.set("disk_tied", true);
    out.set("quiesced", record.quiesced);
    out.set("progress", text(record.progress));
    out.set("progress_since", text(record.progress_since));
    set_if(out, "saving", record.saving, [](const Saving& it) { return write(it); });
    set_if(out, "staged", record.staged, [](const Staged& it) { return write(it); });
    set_if(out, "undo", record.undo, id_text);
    out.set("given_up", record.given_up);
    set_unless_empty(out, "notice_due", record.notice_due);
    if (record.disk_level != DiskLevel::fine) out.set("disk_level", text(record.disk_level));
    out.set("crashes", list_of(record.crashes, id_text));
    set_if(out, "not_before", record.not_before, id_text);
    out.set("attempts", number(record.attempts));
    set_if(out, "last_exit", record.last_exit, [](const Exit& it) { return write(it); });
    set_if(out, "last_snapshot", record.last_snapshot, id_text);
    set_if(out, "started_at", record.started_at, id_text);
    set_if(out, "last_start", record.last_start, [](const Start& it) { return write(it); });
    if (!record.knocks.empty()) out.set("knocks", list_of(record.knocks, id_text));
    if (!record.start_times.empty()) out.set("start_times_ms", list_of(record.start_times, [](Milliseconds took) { return number(took.count()); }));
    out.set("created_at", text(record.created_at));
    out.set("updated_at", text(record.updated_at));
    // Counts were stored as numbers before other stores came.
    const auto count = count_of(record.version);
    out.set("version", count || record.version.text.empty() ? number(static_cast<std::int64_t>(count.value_or(0))) : Value(record.version.text));
}

// Below, decode() overloads for the parts. They live beside their types, so that the templates of base/decode.hpp find them.
template <class IdType>
bool read_id(ObjectReader& in, std::string_view key, IdType& out) {
    const auto* member = in.find(key);
    const auto* id_text = member == nullptr ? nullptr : member->as_string();
    const auto id = id_text == nullptr ? std::nullopt : IdType::parse(*id_text);
    if (id) out = *id;
    else in.fail(key, "bad_format", "a UUID is expected here");
    return id.has_value();
}
template <class IdType>
void read_id(ObjectReader& in, std::string_view key, std::optional<IdType>& out) {
    if (in.find(key) != nullptr) read_id(in, key, out.emplace());
}
void read_port(ObjectReader& in, std::string_view key, Port& out) {
    std::uint16_t count = 0;
    in.required(key, count);
    out = Port{count};
}
void read_version(ObjectReader& in, Version& out) {
    const auto* member = in.find("version");
    if (member != nullptr && member->as_string() != nullptr) {
        out.text = *member->as_string();
        return;
    }
    std::uint64_t count = 0;
    in.optional("version", count);
    out = counted(count);
}
void read_operations(ObjectReader& in, std::string_view key, std::vector<OperationId>& out) {
    std::vector<std::string> texts;
    in.optional(key, texts);
    for (const auto& id_text : texts) {
        if (const auto id = OperationId::parse(id_text)) out.push_back(*id);
        else in.fail(key, "bad_format", "'" + id_text + "' is no UUID");
    }
}
void read_problem(ObjectReader& in, std::string_view key, Errors& errors, std::optional<Problem>& out) {
    const auto* member = in.find(key);
    if (member == nullptr) return;
    ObjectReader problem(*member, in.pointer(key), errors);
    problem.optional("code", out.emplace().code);
    problem.optional("detail", out->detail);
}

}  // namespace

bool decode(const Value& value, const std::string& pointer, Errors& errors, Resources& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cpu_millis", out.cpu.count);
    in.required("memory_mib", out.memory.count);
    in.required("disk_mib", out.disk.count);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, PortBinding& out) {
    ObjectReader in(value, pointer, errors);
    in.required("role", out.role);
    in.required("protocol", out.protocol);
    read_port(in, "open", out.open);
    read_port(in, "bound", out.bound);
    in.optional("internal", out.internal);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Schedule& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.at);
    in.required("do", out.action);
    in.optional("command", out.command);
    in.optional("last_fired_at", out.last_fired_at);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Request& out) {
    ObjectReader in(value, pointer, errors);
    read_id(in, "operation", out.operation);
    in.required("verb", out.verb);
    in.optional("force", out.force);
    in.optional("purge", out.purge);
    bool scheduled = false;
    in.optional("scheduled", scheduled);
    if (scheduled) out.cause.kind = Cause::Kind::schedule;
    in.optional("cause", out.cause);
    in.optional("restored", out.restored);
    read_id(in, "snapshot", out.snapshot);
    in.required("asked_at", out.asked_at);
    read_problem(in, "failed", errors, out.failed);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Start& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cause", out.cause);
    in.required("asked_at", out.asked_at);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Saving& out) {
    ObjectReader in(value, pointer, errors);
    read_id(in, "id", out.id);
    in.required("consistency", out.consistency);
    in.required("trigger", out.trigger);
    in.required("begun_at", out.begun_at);
    in.optional("taken", out.taken);
    read_problem(in, "spoiled", errors, out.spoiled);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Staged& out) {
    ObjectReader in(value, pointer, errors);
    read_id(in, "snapshot", out.snapshot);
    in.optional("whole", out.whole);
    return in.finish_lenient();
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Exit& out) {
    ObjectReader in(value, pointer, errors);
    in.required("cause", out.cause);
    in.optional("signal", out.signal);
    in.optional("code", out.code);
    in.required("at", out.at);
    in.optional("log_tail", out.log_tail);
    std::optional<std::int64_t> peak;
    in.optional("memory_peak_mib", peak);
    if (peak) out.memory_peak = MebiBytes(*peak);
    return in.finish_lenient();
}

namespace {

void read_identity(ObjectReader& in, Record& out) {
    read_id(in, "uid", out.uid);
    in.required("id", out.id);
    in.optional("namespace", out.space);
    in.optional("tenant", out.tenant);
    in.required("game", out.game);
    in.optional("package", out.package);
    in.required("resources", out.resources);
    in.optional("settings", out.settings);
    in.optional("applied_settings", out.applied_settings);
    in.optional("labels", out.labels);
    in.optional("schedules", out.schedules);
    in.optional("backup_every", out.backup_every);
    in.optional("exposure", out.exposure);
    if (const auto* applied = in.find("applied_exposure"); applied == nullptr) out.applied_exposure = out.exposure;
    else in.optional("applied_exposure", out.applied_exposure);
    in.optional("launch", out.launch);
    out.applied_launch = out.launch;
    in.optional("applied_launch", out.applied_launch);
    in.optional("wake", out.wake);
    in.optional("idle", out.idle);
    in.optional("notify", out.notify);
    in.optional("ports", out.ports);
    in.optional("behind_edge", out.behind_edge);
    in.optional("own_network", out.own_network);
    in.optional("host", out.host);
    std::map<std::string, std::string> secrets;
    in.optional("secrets", secrets);
    for (auto& [name, secret] : secrets) out.secrets.emplace(name, Secret(std::move(secret)));
    in.required("slot", out.slot);
}

void read_life(ObjectReader& in, Errors& errors, Record& out) {
    in.required("wanted", out.wanted);
    in.required("phase", out.phase);
    in.required("phase_since", out.phase_since);
    in.optional("reason", out.reason);
    in.optional("message", out.message);
    in.optional("request", out.request);
    read_operations(in, "superseded", out.superseded);
    in.optional("world_complete", out.world_complete);
    in.optional("world_dirty", out.world_dirty);
    in.optional("world_lost", out.world_lost);
    read_problem(in, "obstacle", errors, out.obstacle);
    in.optional("disk_tied", out.disk_tied);
    in.optional("quiesced", out.quiesced);
    in.optional("progress", out.progress);
    in.optional("progress_since", out.progress_since);
    in.optional("saving", out.saving);
    in.optional("staged", out.staged);
    read_id(in, "undo", out.undo);
    in.optional("given_up", out.given_up);
    in.optional("notice_due", out.notice_due);
    in.optional("disk_level", out.disk_level);
    in.optional("crashes", out.crashes);
    in.optional("not_before", out.not_before);
    in.optional("attempts", out.attempts);
    in.optional("last_exit", out.last_exit);
    read_id(in, "last_snapshot", out.last_snapshot);
    in.optional("started_at", out.started_at);
    in.optional("last_start", out.last_start);
    in.optional("knocks", out.knocks);
    std::vector<std::int64_t> start_times;
    in.optional("start_times_ms", start_times);
    for (const auto took : start_times) out.start_times.emplace_back(took);
    in.required("created_at", out.created_at);
    in.optional("updated_at", out.updated_at);
    read_version(in, out.version);
}

}  // namespace

Value to_value(const PortBinding& binding) { return write(binding); }

Value to_value(const Record& record) {
    auto out = Value::object({{"schema", schema}});
    write_identity(out, record);
    write_life(out, record);
    return out;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Record& out) {
    ObjectReader in(value, pointer, errors);
    out = Record();
    read_identity(in, out);
    read_life(in, errors, out);
    return in.finish_lenient() && errors.empty();
}

}  // namespace gk::server
