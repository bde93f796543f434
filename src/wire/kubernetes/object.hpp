#pragma once

#include <compare>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/value.hpp"

// Objects of the API as documents, and what every one of them has.
namespace gk::wire::kubernetes {

// A kind of object, by the words of its path. Names are those of the API: "coordination.k8s.io", "v1", "leases". The core group is "".
struct Resource {
    std::string group;
    std::string version;
    std::string plural;
    bool has_spaces = true;  // Its objects live in namespaces.
};

struct ObjectKey {
    std::string space;  // Empty for kinds without namespaces.
    std::string name;

    std::string text() const { return space.empty() ? name : space + "/" + name; }
    auto operator<=>(const ObjectKey&) const = default;
};

// Objects are shared between the store and whoever works on them, and never change.
using ObjectPtr = std::shared_ptr<const Value>;

// The text at the end of a path of members; empty when there is none. Valid as long as the document.
std::string_view text_at(const Value& document, std::initializer_list<std::string_view> path);
const Value* find_at(const Value& document, std::initializer_list<std::string_view> path);
// Likewise the list there; an empty one when there is none.
const Value::Array& list_at(const Value& document, std::initializer_list<std::string_view> path);

ObjectKey key_of(const Value& object);
// metadata.resourceVersion: opaque; two of them are compared for equality only.
std::string_view version_of(const Value& object);
std::string_view uid_of(const Value& object);

// "/api/v1/namespaces/a/pods/b/status". Without a space: all spaces; without a name: the collection. Every word is percent-encoded.
std::string path_of(const Resource& resource, const ObjectKey& key, std::string_view subresource = {});

}  // namespace gk::wire::kubernetes
