#include "domain/operation/codec.hpp"

namespace gk {
namespace {

Value text_of(Time time) { return Value(rfc3339(time)); }

template <class Tag>
bool decode_id(ObjectReader& in, std::string_view key, Id<Tag>& out) {
    std::string text;
    in.required(key, text);
    const auto id = Id<Tag>::parse(text);
    if (!id) {
        in.fail(key, "bad_format", "a UUID is expected here");
        return false;
    }
    out = *id;
    return true;
}

}  // namespace

Value to_value(const Problem& problem) { return Value::object({{"code", problem.code}, {"detail", problem.detail}}); }

bool decode(const Value& value, const std::string& pointer, Errors& errors, Problem& out) {
    ObjectReader in(value, pointer, errors);
    in.required("code", out.code);
    in.required("detail", out.detail);
    return in.finish_lenient();
}

Value to_value(const OperationStep& step) {
    auto value = Value::object({{"name", step.name}, {"status", name_of(step.status)}, {"started_at", text_of(step.started_at)}});
    if (step.took) value.set("ms", std::int64_t{step.took->count()});
    if (step.error) value.set("error", to_value(*step.error));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, OperationStep& out) {
    ObjectReader in(value, pointer, errors);
    in.required("name", out.name);
    in.required("status", out.status);
    in.required("started_at", out.started_at);
    std::optional<std::int64_t> milliseconds;
    in.optional("ms", milliseconds);
    if (milliseconds) out.took = Milliseconds(*milliseconds);
    in.optional("error", out.error);
    return in.finish_lenient();
}

Value to_value(const Operation& operation) {
    auto value = Value::object({{"id", operation.id.text()},
                                {"server", operation.server.text()},
                                {"server_id", operation.server_id},
                                {"space", operation.space},
                                {"tenant", operation.tenant},
                                {"verb", name_of(operation.verb)},
                                {"status", name_of(operation.status)},
                                {"cause", operation.cause},
                                {"force", operation.force}});
    Value::Array steps;
    for (const auto& step : operation.steps) steps.push_back(to_value(step));
    value.set("steps", std::move(steps));
    if (operation.error) value.set("error", to_value(*operation.error));
    if (!operation.result.is_null()) value.set("result", operation.result);
    value.set("created_at", text_of(operation.created_at));
    if (operation.finished_at) value.set("finished_at", text_of(*operation.finished_at));
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Operation& out) {
    ObjectReader in(value, pointer, errors);
    bool good = decode_id(in, "id", out.id);
    good &= decode_id(in, "server", out.server);
    in.required("server_id", out.server_id);
    in.required("space", out.space);
    in.optional("tenant", out.tenant);
    in.required("verb", out.verb);
    in.required("status", out.status);
    in.required("cause", out.cause);
    in.optional("force", out.force);
    in.required("steps", out.steps);
    in.optional("error", out.error);
    in.optional("result", out.result);
    in.required("created_at", out.created_at);
    in.optional("finished_at", out.finished_at);
    return in.finish_lenient() && good;
}

Value to_value(const Event& event) {
    auto value = Value::object(
        {{"at", text_of(event.at)}, {"type", event.type}, {"server_id", event.server_id}, {"space", event.space}, {"tenant", event.tenant}});
    if (event.server) value.set("server", event.server->text());
    if (!event.data.is_null()) value.set("data", event.data);
    return value;
}

bool decode(const Value& value, const std::string& pointer, Errors& errors, Event& out) {
    ObjectReader in(value, pointer, errors);
    in.required("at", out.at);
    in.required("type", out.type);
    in.required("server_id", out.server_id);
    in.optional("space", out.space);
    in.optional("tenant", out.tenant);
    bool good = true;
    if (in.find("server") != nullptr) good = decode_id(in, "server", out.server.emplace());
    in.optional("data", out.data);
    return in.finish_lenient() && good;
}

}  // namespace gk
