#include "adapters/kubernetes/objects/game_server.hpp"

#include <algorithm>
#include <utility>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "domain/server/declared.hpp"
#include "domain/server/request.hpp"
#include "net/json/json.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::key_of;
using wire::kubernetes::text_at;
using wire::kubernetes::version_of;

bool has_finalizer(const Value& object) {
    const auto* all = find_at(object, {"metadata", "finalizers"});
    const auto* list = all != nullptr ? all->as_array() : nullptr;
    return list != nullptr && std::ranges::find(*list, Value(std::string(finalizer))) != list->end();
}

std::int64_t number_at(const Value& object, std::initializer_list<std::string_view> path) {
    const auto* found = find_at(object, path);
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : 0;
}

Value text_or_nothing(const std::string& text) { return text.empty() ? Value() : Value(text); }

// Members without a value are not there: the API drops some nulls and keeps others.
void set_or_drop(Value& out, std::string_view name, Value value) {
    auto& members = *out.as_object();
    std::erase_if(members, [&](const Value::Member& member) { return member.first == name; });
    if (!value.is_null()) out.set(name, std::move(value));
}

Value endpoints_of(const server::Record& record) {
    Value::Array out;
    for (const auto& port : record.ports) {
        if (port.internal) continue;
        auto endpoint =
            Value::object({{"role", port.role}, {"protocol", name_of(port.protocol)}, {"port", std::int64_t{std::to_underlying(port.open)}}});
        if (const auto& host = server::host_of(record); !host.empty()) endpoint.set("host", host);
        out.push_back(std::move(endpoint));
    }
    return out;
}

// What people type into their game: of its first port that is for them. Nothing while the host is not known.
Value address_of(const server::Record& record) {
    const auto& host = server::host_of(record);
    const auto port = std::ranges::find(record.ports, false, &server::PortBinding::internal);
    if (host.empty() || port == record.ports.end()) return {};
    const auto number = std::to_string(std::to_underlying(port->open));
    return host.contains(':') ? "[" + host + "]:" + number : host + ":" + number;
}

Condition ready(const server::Record& record) {
    const bool is_running = server::state_of(record) == server::State::running;
    const auto phase = std::string(name_of(record.phase));
    return {.type = "Ready",
            .status = is_running ? "True" : "False",
            .reason = camel_case(record.reason.empty() ? phase : record.reason),
            .message = record.message};
}

Condition backed_up(const server::Record& record) {
    if (!record.last_snapshot) return {.type = "BackedUp", .status = "False", .reason = "NoSnapshot", .message = "nothing is in the vault yet"};
    const auto snapshot = record.last_snapshot->text();
    if (record.world_dirty) {
        return {.type = "BackedUp", .status = "False", .reason = "ChangedSince", .message = "the world has changed since snapshot " + snapshot};
    }
    return {.type = "BackedUp", .status = "True", .reason = "Saved", .message = "the world is in snapshot " + snapshot};
}

std::optional<Meeting> met_of(const Value& status) {
    const auto* declaration = find_at(status, {"declared", "declaration"});
    const auto* record = find_at(status, {"declared", "record"});
    if (declaration == nullptr || record == nullptr) return std::nullopt;
    return Meeting{.declaration = *declaration, .record = *record};
}

// What we have declared ourselves, and as which generation. Spec and status are two writes; this one goes with the spec.
constexpr std::string_view ours_annotation = "gamekeeper.dev/declared";

// Null when a look has been noted since.
Value declared_since(const Value& object, std::int64_t generation_seen) {
    const auto ours = net::parse_json(text_at(object, {"metadata", "annotations", ours_annotation}));
    if (!ours || number_at(*ours, {"generation"}) <= generation_seen) return {};
    const auto* declaration = ours->find("declaration");
    return declaration != nullptr ? *declaration : Value();
}

Value document(const Meeting& met) { return Value::object({{"declaration", met.declaration}, {"record", met.record}}); }

}  // namespace

wire::kubernetes::Resource game_servers() { return {.group = std::string(group), .version = "v1alpha1", .plural = "gameservers"}; }

Result<std::optional<server::Record>, std::string> record_of(const Value& object) {
    const auto text = text_at(object, {"status", "record"});
    const bool is_ending = find_at(object, {"metadata", "deletionTimestamp"}) != nullptr;
    if (text.empty() || (is_ending && !has_finalizer(object))) return std::nullopt;
    const auto document = net::parse_json(text);
    if (!document) return std::unexpected("status.record is no JSON: " + document.error().message);
    Errors errors;
    server::Record record;
    if (!server::decode(*document, "", errors, record)) {
        return std::unexpected("status.record" + errors.list().front().pointer + ": " + errors.list().front().detail);
    }
    const auto key = key_of(object);
    // Somebody restored or copied the object under another name.
    if (record.id != key.name || record.space != key.space) {
        return std::unexpected("status.record is that of " + record.space + "/" + record.id);
    }
    record.version.text = version_of(object);
    return record;
}

Value game_server_for(const server::Record& record) {
    auto labels = Value::object({{std::string(server_label), record.uid.text()}, {std::string(manager_label), manager}});
    return Value::object({{"apiVersion", group_version},
                          {"kind", "GameServer"},
                          {"metadata", Value::object({{"namespace", record.space},
                                                      {"name", record.id},
                                                      {"labels", std::move(labels)},
                                                      {"finalizers", Value::array({std::string(finalizer)})}})},
                          {"spec", server::declared(record)}});
}

Value status_of(const Value& old_status, const server::Record& record, Time now) {
    auto stored = record;
    stored.secrets.clear();
    stored.version = {};
    auto out = old_status.as_object() != nullptr ? old_status : Value::object();
    out.set("record", to_json(server::to_value(stored)));
    out.set("uid", record.uid.text());
    out.set("state", name_of(server::state_of(record)));
    out.set("phase", name_of(record.phase));
    set_or_drop(out, "reason", text_or_nothing(record.reason));
    set_or_drop(out, "message", text_or_nothing(record.message));
    out.set("endpoints", endpoints_of(record));
    set_or_drop(out, "address", address_of(record));
    if (!server::game_up(record)) set_or_drop(out, "players", {});
    out.set("replicas", server::game_up(record) ? 1 : 0);
    out.set("selector", std::string(server_label) + "=" + record.uid.text());
    out.set("conditions", with_condition(with_condition(conditions_in(out), ready(record), now), backed_up(record), now));
    return out;
}

Declaration declaration_of(const Value& object) {
    const auto key = key_of(object);
    const auto* spec = object.find("spec");
    const auto* status = object.find("status");
    Declaration out{.name = {.space = key.space, .id = key.name},
                    .object = std::string(wire::kubernetes::uid_of(object)),
                    .generation = number_at(object, {"metadata", "generation"}),
                    .generation_seen = number_at(object, {"status", "observedGeneration"}),
                    .declared = spec != nullptr ? *spec : Value::object(),
                    .is_ending = find_at(object, {"metadata", "deletionTimestamp"}) != nullptr,
                    .is_held = has_finalizer(object)};
    if (auto record = record_of(object)) out.record = std::move(*record);
    if (status == nullptr) return out;
    out.met = met_of(*status);
    auto ours = declared_since(object, out.generation_seen);
    if (out.met && !ours.is_null()) out.met->declaration = std::move(ours);
    const auto accepted = condition_in(conditions_in(*status), "Accepted");
    if (accepted && accepted->status == "False") out.refused = Problem{.code = snake_case(accepted->reason), .detail = accepted->message};
    return out;
}

Value declared_by_us(const Value& object, Value declared) {
    const auto ours = Value::object({{"generation", number_at(object, {"metadata", "generation"}) + 1}, {"declaration", declared}});
    auto metadata = *object.find("metadata");
    const auto* known = metadata.find("annotations");
    auto annotations = known != nullptr && known->as_object() != nullptr ? *known : Value::object();
    annotations.set(ours_annotation, to_json(ours));
    metadata.set("annotations", std::move(annotations));
    auto out = object;
    out.set("metadata", std::move(metadata));
    out.set("spec", std::move(declared));
    return out;
}

Value status_with(const Value& object, const Verdict& verdict, Time now) {
    const auto* old_status = object.find("status");
    auto out = old_status != nullptr && old_status->as_object() != nullptr ? *old_status : Value::object();
    if (verdict.generation > 0) out.set("observedGeneration", verdict.generation);
    if (verdict.met) out.set("declared", document(*verdict.met));
    const auto& refused = verdict.refused;
    Condition accepted{.type = "Accepted", .status = "True", .reason = "Accepted", .message = {}};
    if (refused) accepted = {.type = "Accepted", .status = "False", .reason = camel_case(refused->code), .message = refused->detail};
    out.set("conditions", with_condition(conditions_in(out), accepted, now));
    return out;
}

}  // namespace gk::kubernetes
