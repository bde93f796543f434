#include "adapters/kubernetes/store/server_index.hpp"

#include <utility>

#include "adapters/kubernetes/objects/game_server.hpp"
#include "wire/kubernetes/freshness.hpp"

namespace gk::kubernetes {

using wire::kubernetes::is_at_least;
using wire::kubernetes::ObjectKey;
using wire::kubernetes::ObjectPtr;
using wire::kubernetes::uid_of;
using wire::kubernetes::version_of;

namespace {

// Of two states of one name, the one that is to be kept: another object has taken the name, or it is a later state of the same one.
bool supersedes(const Value& object, const Value& known) {
    return is_at_least(version_of(object), version_of(known)) || !is_at_least(version_of(known), version_of(object));
}

}  // namespace

std::vector<ServerUid> ServerIndex::saw(const Change& change) {
    const auto before = state_of(change.key);
    if (change.after) wrote(change.after);
    if (change.before && (!change.after || uid_of(*change.before) != uid_of(*change.after))) {
        const auto gone = std::string(uid_of(*change.before));
        ended_.erase(gone);
        const auto* entry = find(change.key);
        if (entry != nullptr && uid_of(*entry->object) == gone) drop(change.key);
    }
    const auto after = state_of(change.key);
    if (before == after) return {};
    std::vector<ServerUid> concerned;
    if (before.uid) concerned.push_back(*before.uid);
    if (after.uid && after.uid != before.uid) concerned.push_back(*after.uid);
    return concerned;
}

ServerIndex::State ServerIndex::state_of(const ObjectKey& key) const {
    const auto* entry = find(key);
    if (entry == nullptr) return {};
    return {.uid = entry->record ? std::optional(entry->record->uid) : std::nullopt, .version = std::string(version_of(*entry->object))};
}

bool ServerIndex::wrote(ObjectPtr object) {
    if (ended_.contains(std::string(uid_of(*object)))) return false;
    const auto* known = find(wire::kubernetes::key_of(*object));
    if (known != nullptr && (version_of(*object) == version_of(*known->object) || !supersedes(*object, *known->object))) return false;
    put(std::move(object));
    return true;
}

void ServerIndex::removed(const ObjectKey& key, const std::string& object_uid) {
    const auto* entry = find(key);
    if (entry == nullptr || uid_of(*entry->object) != object_uid) return;
    ended_.insert(object_uid);
    drop(key);
}

std::optional<ObjectKey> ServerIndex::key_of(ServerUid uid) const {
    const auto found = keys_.find(uid);
    return found != keys_.end() ? std::optional(found->second) : std::nullopt;
}

const ServerIndex::Entry* ServerIndex::find(ServerUid uid) const {
    const auto found = keys_.find(uid);
    return found != keys_.end() ? find(found->second) : nullptr;
}

const ServerIndex::Entry* ServerIndex::find(const ObjectKey& key) const {
    const auto found = entries_.find(key);
    return found != entries_.end() ? &found->second : nullptr;
}

void ServerIndex::put(ObjectPtr object) {
    Entry entry{.key = wire::kubernetes::key_of(*object), .object = object, .record = nullptr, .damage = {}};
    drop(entry.key);
    auto record = record_of(*object);
    if (!record) entry.damage = std::move(record).error();
    else if (*record) entry.record = std::make_shared<const server::Record>(std::move(**record));
    if (entry.record) keys_.insert_or_assign(entry.record->uid, entry.key);
    const auto key = entry.key;
    entries_.insert_or_assign(key, std::move(entry));
}

void ServerIndex::drop(const ObjectKey& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    if (found->second.record) {
        const auto held = keys_.find(found->second.record->uid);
        if (held != keys_.end() && held->second == key) keys_.erase(held);
    }
    entries_.erase(found);
}

}  // namespace gk::kubernetes
