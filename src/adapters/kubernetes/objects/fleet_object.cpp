#include "adapters/kubernetes/objects/fleet_object.hpp"

#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/conditions.hpp"
#include "adapters/kubernetes/objects/digest.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "net/json/json.hpp"
#include "ports/fleet_codec.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::find_at;
using wire::kubernetes::key_of;

// Positive as a signed number too.
std::uint64_t kind_of(const fleet::Fleet& fleet) {
    Value::Object settings;
    for (const auto& [name, setting] : fleet.settings) settings.emplace_back(name, setting);
    return digest_of(to_json(Value::object({{"game", fleet.game}, {"package", fleet.package}, {"settings", std::move(settings)}}))) >> 1U;
}

std::string sentence(const std::vector<FieldError>& wrong) {
    std::string out;
    for (const auto& error : wrong) out += fmt::format("{}spec{}: {}", out.empty() ? "" : "; ", error.pointer, error.detail);
    return out;
}

std::int64_t generation_of(const Value& object) {
    const auto* found = find_at(object, {"metadata", "generation"});
    return found != nullptr && found->as_int() != nullptr ? *found->as_int() : 0;
}

Condition accepted(const FleetVerdict& verdict) {
    if (verdict.refused.empty()) return {.type = "Accepted", .status = "True", .reason = "Accepted", .message = {}};
    auto message = verdict.refused;
    if (verdict.accepted) message += "; until that is mended, the fleet stays as it was before";
    return {.type = "Accepted", .status = "False", .reason = "Invalid", .message = std::move(message)};
}

// As many servers wait as are wanted.
Condition ready(const FleetVerdict& verdict, const FleetCounts& counts) {
    if (!verdict.accepted) return {.type = "Ready", .status = "False", .reason = "NotAccepted", .message = {}};
    const auto wanted = verdict.accepted->autopilot ? verdict.accepted->autopilot->least : verdict.accepted->ready;
    if (counts.ready >= wanted) return {.type = "Ready", .status = "True", .reason = "Ready", .message = {}};
    const auto reason = counts.limit.empty() ? std::string("Starting") : camel_case(counts.limit);
    return {.type = "Ready", .status = "False", .reason = reason, .message = fmt::format("{} of {} servers wait", counts.ready, wanted)};
}

}  // namespace

wire::kubernetes::Resource fleets() { return {.group = std::string(group), .version = "v1alpha1", .plural = "fleets"}; }

Result<fleet::Fleet, std::vector<FieldError>> fleet_of(const std::string& name, const Value& spec) {
    auto document = spec;
    document.set("name", name);
    Errors errors;
    fleet::Fleet out;
    if (!decode(document, "", errors, out)) return std::unexpected(errors.list());
    out.generation = kind_of(out);
    return out;
}

Value spec_of(const fleet::Fleet& fleet) {
    auto spec = to_value(fleet);
    for (const auto* elsewhere : {"name", "generation"})
        std::erase_if(*spec.as_object(), [=](const auto& member) { return member.first == elsewhere; });
    return spec;
}

FleetVerdict judge(const Value& object, const std::function<std::vector<FieldError>(const fleet::Fleet&)>& wrong) {
    const auto name = key_of(object).name;
    const auto* spec = object.find("spec");
    auto said = fleet_of(name, spec != nullptr ? *spec : Value::object());
    auto errors = said ? wrong(*said) : said.error();
    if (errors.empty()) return {.accepted = std::move(*said), .refused = {}};
    FleetVerdict out{.accepted = {}, .refused = sentence(errors)};
    if (const auto* before = find_at(object, {"status", "accepted"})) {
        if (auto last = fleet_of(name, *before)) out.accepted = std::move(*last);
    }
    return out;
}

Value fleet_status_with(const Value& object, const FleetVerdict& verdict, const FleetCounts& counts, Time now) {
    const auto* old = object.find("status");
    auto conditions = old != nullptr && old->as_object() != nullptr ? conditions_in(*old) : Value(Value::Array());
    conditions = with_condition(with_condition(std::move(conditions), accepted(verdict), now), ready(verdict, counts), now);
    auto out = Value::object({{"observedGeneration", generation_of(object)},
                              {"replicas", std::int64_t{counts.starting} + counts.ready},
                              {"starting", std::int64_t{counts.starting}},
                              {"ready", std::int64_t{counts.ready}},
                              {"allocated", std::int64_t{counts.allocated}},
                              {"selector", fmt::format("fleet={}", key_of(object).name)},
                              {"conditions", std::move(conditions)}});
    if (verdict.accepted) out.set("accepted", spec_of(*verdict.accepted));
    return out;
}

Value owner_reference(const Value& object) {
    return Value::object({{"apiVersion", group_version},
                          {"kind", "Fleet"},
                          {"name", key_of(object).name},
                          {"uid", wire::kubernetes::uid_of(object)},
                          {"controller", true}});
}

}  // namespace gk::kubernetes
