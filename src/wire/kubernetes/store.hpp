#pragma once

#include <map>
#include <vector>

#include "wire/kubernetes/object.hpp"
#include "wire/kubernetes/watch_event.hpp"

namespace gk::wire::kubernetes {

// The copy that a reflector keeps right. Objects in it never change; a newer state is another object.
class Store {
public:
    // What happened to one object. `before` is null for a new one, `after` for one that went away; then `before` is the last state that was seen,
    // which need not be its final one.
    struct Change {
        ObjectKey key;
        ObjectPtr before;
        ObjectPtr after;
    };

    // All there is: what is not among the items went away. An object of the same version is no change.
    std::vector<Change> replace(std::vector<ObjectPtr> items);
    // added, modified or deleted. Nothing when it changes nothing: a repeated event, or the end of an unknown object.
    std::vector<Change> apply(const WatchEvent& event);

    ObjectPtr find(const ObjectKey& key) const;
    const std::map<ObjectKey, ObjectPtr>& all() const { return objects_; }
    // The first list is in it.
    bool has_synced() const { return has_synced_; }

private:
    std::map<ObjectKey, ObjectPtr> objects_;
    bool has_synced_ = false;
};

}  // namespace gk::wire::kubernetes
