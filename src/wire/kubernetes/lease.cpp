#include "wire/kubernetes/lease.hpp"

namespace gk::wire::kubernetes {
namespace {

std::int64_t number_at(const Value& object, std::initializer_list<std::string_view> path) {
    const auto* found = find_at(object, path);
    const auto* number = found != nullptr ? found->as_int() : nullptr;
    return number != nullptr ? *number : 0;
}

}  // namespace

LeaseRecord lease_of(const Value& object) {
    return {.holder = std::string(text_at(object, {"spec", "holderIdentity"})),
            .seconds = number_at(object, {"spec", "leaseDurationSeconds"}),
            .acquired = std::string(text_at(object, {"spec", "acquireTime"})),
            .renewed = std::string(text_at(object, {"spec", "renewTime"})),
            .transitions = number_at(object, {"spec", "leaseTransitions"})};
}

Value lease_document(const ObjectKey& key, const LeaseRecord& record, std::string_view version) {
    auto metadata = Value::object({{"namespace", key.space}, {"name", key.name}});
    if (!version.empty()) metadata.set("resourceVersion", version);
    auto spec = Value::object({{"holderIdentity", record.holder},
                               {"leaseDurationSeconds", record.seconds},
                               {"acquireTime", record.acquired},
                               {"renewTime", record.renewed},
                               {"leaseTransitions", record.transitions}});
    return Value::object({{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
}

std::string micro_time(Time time) {
    auto text = rfc3339(time);
    text.insert(text.size() - 1, "000");
    return text;
}

}  // namespace gk::wire::kubernetes
