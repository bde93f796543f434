#include "adapters/kubernetes/client/ballast.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gk::kubernetes {

using wire::kubernetes::ObjectPtr;
using wire::kubernetes::Resource;

namespace {

struct Place {
    std::string_view plural;  // Empty: of every kind.
    std::string_view parent;
    std::string_view inner;  // Empty: the member is the parent's own.
    std::string_view member;
};
constexpr auto places = std::to_array<Place>({
    {"", "metadata", "", "managedFields"},
    {"pods", "spec", "", "containers"},
    {"pods", "spec", "", "initContainers"},
    {"pods", "spec", "", "volumes"},
    {"statefulsets", "spec", "template", "spec"},
    {"nodes", "status", "", "images"},
});

Value* member_of(Value* in, std::string_view name) {
    auto* members = in != nullptr ? in->as_object() : nullptr;
    if (members == nullptr) return nullptr;
    const auto found = std::ranges::find(*members, name, &Value::Member::first);
    return found != members->end() ? &found->second : nullptr;
}

void drop(Value& object, const Place& place) {
    auto* parent = member_of(&object, place.parent);
    if (!place.inner.empty()) parent = member_of(parent, place.inner);
    if (parent == nullptr || parent->as_object() == nullptr) return;
    std::erase_if(*parent->as_object(), [&](const Value::Member& member) { return member.first == place.member; });
}

}  // namespace

ObjectPtr without_ballast(const Resource& resource, ObjectPtr object) {
    auto light = *object;
    for (const auto& place : places) {
        if (place.plural.empty() || place.plural == resource.plural) drop(light, place);
    }
    return std::make_shared<const Value>(std::move(light));
}

}  // namespace gk::kubernetes
