#include "api/render.hpp"

#include "base/time.hpp"

namespace gk::api {
namespace {

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

template <class T>
Value number_or_null(const std::optional<T>& number) {
    return number ? Value(static_cast<std::int64_t>(*number)) : Value();
}

// Whom the game sees its players as.
Value source_or_null(const server::Record& record) {
    if (!record.behind_edge) return {};
    return record.own_network ? "player" : "hidden";
}

Value awake_or_null(const app::ServerView& view) {
    if (!view.awake) return {};
    return Value::object(
        {{"because", text_or_null(view.awake->because)}, {"sleeps_at", view.awake->sleeps_at ? Value(rfc3339(*view.awake->sleeps_at)) : Value()}});
}

Value started_by(const server::Record& record) {
    if (!record.last_start) return {};
    auto out = server::to_value(record.last_start->cause);
    out.set("at", rfc3339(record.last_start->asked_at));
    return out;
}

Value time_or_null(const std::optional<Time>& time) { return time ? Value(rfc3339(*time)) : Value(); }

Value render(const server::Resources& resources) {
    return Value::object({{"cpu_millis", resources.cpu.count}, {"memory_mib", resources.memory.count}, {"disk_mib", resources.disk.count}});
}

Value render(const server::Usage& usage) {
    return Value::object({{"cpu_millis", usage.cpu.count}, {"memory_mib", usage.memory.count}, {"disk_mib", usage.disk.count}});
}

Value render_endpoints(const std::vector<server::PortBinding>& ports, const std::string& host) {
    Value::Array out;
    for (const auto& port : ports) {
        if (port.internal) continue;
        out.push_back(Value::object({{"role", port.role},
                                     {"protocol", name_of(port.protocol)},
                                     {"host", host},
                                     {"port", static_cast<std::int64_t>(std::to_underlying(port.open))}}));
    }
    return out;
}

Value render(const server::Players& players) {
    Value::Array names(players.names.begin(), players.names.end());
    return Value::object({{"online", number_or_null(players.online)}, {"max", number_or_null(players.max)}, {"names", std::move(names)}});
}

Value render(const server::Exit& exit) {
    auto out = Value::object({{"cause", name_of(exit.cause)},
                              {"signal", number_or_null(exit.signal)},
                              {"code", number_or_null(exit.code)},
                              {"at", rfc3339(exit.at)},
                              {"log_tail", exit.log_tail}});
    if (exit.memory_peak) out.set("memory_peak_mib", exit.memory_peak->count);
    return out;
}

Value render(const Problem& problem) { return Value::object({{"code", problem.code}, {"detail", problem.detail}}); }

template <class T>
Value object_of(const std::map<std::string, T>& members) {
    Value::Object out;
    for (const auto& [name, value] : members) out.emplace_back(name, value);
    return out;
}

Value render(const server::Schedule& schedule) {
    auto out = Value::object({{"at", schedule.at}, {"do", name_of(schedule.action)}});
    if (schedule.action == server::Schedule::Action::command) out.set("command", schedule.command);
    return out;
}

Value render(const OperationStep& step) {
    return Value::object({{"name", step.name},
                          {"status", name_of(step.status)},
                          {"started_at", rfc3339(step.started_at)},
                          {"ms", step.took ? Value(std::int64_t{step.took->count()}) : Value()},
                          {"error", step.error ? render(*step.error) : Value()}});
}

std::string_view title_of(app::Error::Kind kind) {
    using enum app::Error::Kind;
    switch (kind) {
    case invalid: return "The request is not valid";
    case unauthenticated: return "Who are you?";
    case forbidden: return "Not allowed";
    case not_found: return "Not found";
    case conflict: return "Not possible in this state";
    case unprocessable: return "Cannot be done like this";
    case exhausted: return "No room left";
    case unavailable: return "Not available at the moment";
    case internal: return "Internal error";
    }
    std::unreachable();
}

}  // namespace

Value render(const app::ServerView& view, const std::string& host) {
    const auto& record = view.record;
    Value::Array schedules;
    for (const auto& schedule : record.schedules) schedules.push_back(render(schedule));
    return Value::object({
        {"uid", record.uid.text()},
        {"id", record.id},
        {"namespace", record.space},
        {"tenant", record.tenant},
        {"game", record.game},
        {"package", text_or_null(record.package)},
        {"resources", render(record.resources)},
        {"settings", object_of(record.settings)},
        {"labels", object_of(record.labels)},
        {"schedules", std::move(schedules)},
        {"backup_every", record.backup_every ? Value(duration_text(*record.backup_every)) : Value()},
        {"launch", name_of(record.launch)},
        {"exposure", record.exposure ? server::to_value(*record.exposure) : Value()},
        {"wake", record.wake ? server::to_value(*record.wake) : Value()},
        {"idle", record.idle ? server::to_value(*record.idle) : Value()},
        {"notify", Value::Array(record.notify.begin(), record.notify.end())},
        {"wanted", name_of(record.wanted)},
        {"state", name_of(view.state)},
        {"phase", name_of(record.phase)},
        {"reason", text_or_null(record.reason)},
        {"message", text_or_null(record.message)},
        {"pending", Value::Array(view.pending.begin(), view.pending.end())},
        {"endpoints", render_endpoints(record.ports, server::host_of(record).empty() ? host : server::host_of(record))},
        {"players", render(view.players)},
        {"usage", render(view.usage)},
        {"started_by", started_by(record)},
        {"awake", awake_or_null(view)},
        {"source", source_or_null(record)},
        {"last_exit", record.last_exit ? render(*record.last_exit) : Value()},
        {"last_snapshot", record.last_snapshot ? Value(record.last_snapshot->text()) : Value()},
        {"next_schedule", time_or_null(view.next_schedule)},
        {"created_at", rfc3339(record.created_at)},
        {"updated_at", rfc3339(record.updated_at)},
    });
}

Value render(const Operation& operation) {
    Value::Array steps;
    for (const auto& step : operation.steps) steps.push_back(render(step));
    return Value::object({
        {"id", operation.id.text()},
        {"server", operation.server_id},
        {"server_uid", operation.server.text()},
        {"namespace", operation.space},
        {"verb", name_of(operation.verb)},
        {"status", name_of(operation.status)},
        {"cause", operation.cause},
        {"force", operation.force},
        {"steps", std::move(steps)},
        {"error", operation.error ? render(*operation.error) : Value()},
        {"result", operation.result},
        {"created_at", rfc3339(operation.created_at)},
        {"finished_at", time_or_null(operation.finished_at)},
    });
}

Value render(const vault::Snapshot& snapshot) {
    return Value::object({
        {"id", snapshot.id.text()},
        {"status", name_of(snapshot.status)},
        {"consistency", name_of(snapshot.consistency)},
        {"trigger", name_of(snapshot.trigger)},
        {"created_at", rfc3339(snapshot.created_at)},
        {"bytes", snapshot.bytes},
        {"files", snapshot.files},
        {"engine_id", text_or_null(snapshot.engine_id)},
        {"reason", text_or_null(snapshot.reason)},
    });
}

Value render(const LogLine& line) {
    return Value::object({{"cursor", static_cast<std::int64_t>(line.cursor)}, {"at", rfc3339(line.at)}, {"line", line.line}});
}

Value render(const Event& event) {
    return Value::object({
        {"id", static_cast<std::int64_t>(event.number)},
        {"at", rfc3339(event.at)},
        {"type", event.type},
        {"server", text_or_null(event.server_id)},
        {"namespace", event.space},
        {"data", event.data},
    });
}

void PageText::add(const Value& item) {
    if (count_++ > 0) text_ += ',';
    append_json(text_, item);
}

std::string PageText::finish(const std::string& next_cursor) && {
    text_ += R"(],"next_cursor":)";
    append_json(text_, text_or_null(next_cursor));
    text_ += '}';
    return std::move(text_);
}

Value render_problem(const app::Error& error, int status, const std::string& instance) {
    Value::Array fields;
    for (const auto& field : error.fields) {
        fields.push_back(Value::object({{"pointer", field.pointer}, {"code", field.code}, {"detail", field.detail}}));
    }
    auto out = Value::object({
        {"type", "about:blank"},
        {"title", title_of(error.kind)},
        {"status", status},
        {"detail", error.message},
        {"code", error.code},
        {"instance", instance},
        {"errors", std::move(fields)},
    });
    if (error.kind == app::Error::Kind::conflict) out.set("allowed", Value::Array(error.allowed.begin(), error.allowed.end()));
    return out;
}

}  // namespace gk::api
