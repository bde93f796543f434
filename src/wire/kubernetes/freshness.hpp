#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "wire/kubernetes/store.hpp"

namespace gk::wire::kubernetes {

// Whether a copy of the cluster's objects has seen what we ourselves wrote (R11). Whoever destroys something by what a store says asks first: a
// store that is behind our own last write may show a state that we have ended already, such as an address of a server that has players by now.
//
// A write is seen when an event or a list shows its version, or a later one. Versions of one kind are decimal numbers that grow, which the API
// promises since Kubernetes 1.35 and every server on etcd has kept before; where they are no numbers, only the same version counts, and the
// caller's way out is to read the object itself.
class Freshness {
public:
    // We wrote the object, and the server answered with this version.
    void wrote(const ObjectKey& key, std::string_view version);
    // We deleted the object of that uid: seen when it is gone, or its name stands for another one.
    void removed(const ObjectKey& key, std::string_view uid);
    // The object as a store shows it now, after every change; null: it is not there. `list_version` is that of the list or event that showed it,
    // which says for an absent object how new its absence is.
    void saw(const ObjectKey& key, const Value* object, std::string_view list_version);
    // The store holds a whole new list.
    void saw_list(const Store& store, std::string_view list_version);
    // The object was read by a call of its own, which is as new as can be.
    void read(const ObjectKey& key) { pending_.erase(key); }

    bool is_fresh(const ObjectKey& key) const { return !pending_.contains(key); }
    // For the metrics, and for whoever reads what is missing for long.
    std::size_t pending() const { return pending_.size(); }

private:
    // What must be shown before the object is fresh: both, where both are there.
    struct Pending {
        std::string version;  // This one or a later one.
        std::string uid;      // Not this one any more.
    };
    std::map<ObjectKey, Pending> pending_;
};

// Of two versions of one kind: the same, or both are numbers and the first is the greater.
bool is_at_least(std::string_view version, std::string_view other);

}  // namespace gk::wire::kubernetes
