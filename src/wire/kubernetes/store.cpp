#include "wire/kubernetes/store.hpp"

#include <utility>

namespace gk::wire::kubernetes {
namespace {

// A name that is used again stands for another object, which has another version too.
bool is_same(const ObjectPtr& a, const ObjectPtr& b) {
    return a != nullptr && b != nullptr && version_of(*a) == version_of(*b) && uid_of(*a) == uid_of(*b);
}

}  // namespace

std::vector<Store::Change> Store::replace(std::vector<ObjectPtr> items) {
    std::vector<Change> changes;
    std::map<ObjectKey, ObjectPtr> next;
    for (auto& item : items) {
        auto key = key_of(*item);
        auto before = find(key);
        if (!is_same(before, item)) changes.push_back({key, before, item});
        next.insert_or_assign(std::move(key), std::move(item));
    }
    for (const auto& [key, object] : objects_) {
        if (!next.contains(key)) changes.push_back({key, object, nullptr});
    }
    objects_ = std::move(next);
    has_synced_ = true;
    return changes;
}

std::vector<Store::Change> Store::apply(const WatchEvent& event) {
    auto key = key_of(*event.object);
    auto before = find(key);
    if (event.kind == WatchEvent::Kind::deleted) {
        if (before == nullptr) return {};
        objects_.erase(key);
        return {{std::move(key), std::move(before), nullptr}};
    }
    if (is_same(before, event.object)) return {};
    objects_.insert_or_assign(key, event.object);
    return {{std::move(key), std::move(before), event.object}};
}

ObjectPtr Store::find(const ObjectKey& key) const {
    const auto found = objects_.find(key);
    return found == objects_.end() ? nullptr : found->second;
}

}  // namespace gk::wire::kubernetes
