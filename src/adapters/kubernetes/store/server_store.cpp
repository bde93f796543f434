#include "adapters/kubernetes/store/server_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/game_server.hpp"
#include "adapters/kubernetes/objects/names.hpp"
#include "base/log.hpp"
#include "domain/server/declared.hpp"
#include "domain/server/secret_place.hpp"

namespace gk::kubernetes {

using server::Record;
using server::Version;
using wire::kubernetes::find_at;
using wire::kubernetes::key_of;
using wire::kubernetes::uid_of;
using wire::kubernetes::version_of;

namespace {

using Kind = StoreError::Kind;

// How often somebody else may write between our read and our write before the caller hears of it.
constexpr int tries_max = 4;

Version version_in(const Value& object) { return {.text = std::string(version_of(object))}; }

ObjectKey key_for(const Record& record) { return {.space = record.space, .name = record.id}; }

StoreError taken(std::string_view what, const ObjectKey& by) { return {Kind::conflict, fmt::format("{} is taken by server {}", what, by.text())}; }

StoreError not_ours(const std::string& space, const std::string& ours) {
    return {Kind::conflict, fmt::format("worlds of namespace {} are not kept here, but only those of {} (cluster.worlds)", space, ours)};
}

StoreError moved_on(const Value& object, const Version& seen) {
    return {Kind::conflict, fmt::format("server {} is at version {}, not {}: read it again", key_of(object).text(), version_of(object), seen.text)};
}

StoreError not_there(std::string what) { return {Kind::not_found, "there is no server " + std::move(what)}; }

StoreError damaged(const ObjectKey& key, const std::string& why) {
    return {Kind::corrupt, fmt::format("GameServer {} cannot be read: {}", key.text(), why)};
}

bool is_ending(const Value& object) { return find_at(object, {"metadata", "deletionTimestamp"}) != nullptr; }

Value::Array finalizers_of(const Value& object) {
    const auto* found = find_at(object, {"metadata", "finalizers"});
    return found != nullptr && found->as_array() != nullptr ? *found->as_array() : Value::Array();
}

const server::PortBinding* shared_port(const Record& a, const Record& b) {
    for (const auto& binding : a.ports) {
        const auto same = [&](const server::PortBinding& other) { return other.protocol == binding.protocol && other.open == binding.open; };
        if (std::ranges::any_of(b.ports, same)) return &binding;
    }
    return nullptr;
}

// An object of a GameServer's name with nothing but this status: what else a PUT of the status names is passed over.
Value status_document(const Value& object, Value status) {
    const auto key = key_of(object);
    return Value::object({{"apiVersion", group_version},
                          {"kind", "GameServer"},
                          {"metadata", Value::object({{"namespace", key.space}, {"name", key.name}, {"resourceVersion", version_of(object)}})},
                          {"spec", find_at(object, {"spec"}) != nullptr ? *object.find("spec") : Value::object()},
                          {"status", std::move(status)}});
}

// What is people's stays in the Secret in which they keep it.
void drop_named(Record& record) {
    std::erase_if(record.secrets, [](const auto& secret) { return secret.first.starts_with(server::named_prefix); });
}

bool lacks_secrets(const Record& record) {
    return std::ranges::any_of(record.settings, [&record](const auto& setting) {
        const auto place = server::secret_place(setting.second);
        return place && place->is_stored() && !record.secrets.contains(server::secret_key(setting.first, *place));
    });
}

Value old_status(const Value& object) {
    const auto* status = object.find("status");
    return status != nullptr ? *status : Value();
}

// Whether the one has each member of the other, with the same value.
bool says_all_of(const Value& one, const Value& other) {
    if (one.as_object() == nullptr || other.as_object() == nullptr) return one == other;
    return std::ranges::all_of(*other.as_object(), [&one](const Value::Member& member) {
        const auto* found = one.find(member.first);
        return found != nullptr && says_all_of(*found, member.second);
    });
}

// What we have declared ourselves is taken in from the beginning, and so is what the record was made from: another write is saved.
Value accepted_status(const Value& object, const Record& record, Time now) {
    const auto declaration = declaration_of(object);
    Meeting met{.declaration = declaration.declared, .record = server::declared(record)};
    return status_with(object, {.generation = declaration.generation, .met = std::move(met), .refused = {}}, now);
}

}  // namespace

StoreError store_error(const Failure& failure) {
    using enum Failure::Kind;
    switch (failure.kind) {
    case not_found: return {Kind::not_found, failure.detail};
    case exists:
    case conflict: return {Kind::conflict, failure.detail};
    case forbidden:
        return {Kind::unavailable,
                "the cluster refuses it; if this namespace is to have servers, add it to `spaces` of the chart: " + failure.detail};
    default: return {Kind::unavailable, failure.detail};
    }
}

KubernetesServerStore::KubernetesServerStore(boost::asio::any_io_executor loop, Client client, Random& random, std::string space)
    : client_(client),
      space_(std::move(space)),
      secrets_(client, random),
      informer_(client, random, game_servers(), {.space = space_, .labels = {}, .fields = {}},
                [this](const ServerIndex::Change& change) { saw(change); }),
      watchers_(loop),
      object_watchers_(loop) {}

void KubernetesServerStore::saw(const ServerIndex::Change& change) {
    for (const auto uid : index_.saw(change)) watchers_.notify(uid);
    object_watchers_.notify(change.key);
    const auto* entry = index_.find(change.key);
    if (entry != nullptr && !entry->damage.empty() && entry->object == change.after)
        log::error("kubernetes", "a GameServer cannot be read and is left alone", {{"server", change.key.text()}, {"reason", entry->damage}});
    // Another object of the name has another Secret.
    if (!change.after || (change.before && uid_of(*change.before) != uid_of(*change.after))) secrets_.forget(change.key);
}

Result<Success, StoreError> KubernetesServerStore::check_synced() const {
    if (informer_.store().has_synced()) return Success{};
    return std::unexpected(StoreError{Kind::unavailable, "the GameServers were not read yet"});
}

Result<Success, StoreError> KubernetesServerStore::check_ports(const Record& record) const {
    for (const auto& [key, entry] : index_.all()) {
        if (!entry.record || entry.record->uid == record.uid) continue;
        if (const auto* port = shared_port(record, *entry.record))
            return std::unexpected(taken(fmt::format("port {}/{}", std::to_underlying(port->open), name_of(port->protocol)), key));
    }
    return Success{};
}

Result<Success, StoreError> KubernetesServerStore::check_new(const Record& record) const {
    if (!space_.empty() && record.space != space_) return std::unexpected(not_ours(record.space, space_));
    if (const auto key = index_.key_of(record.uid)) return std::unexpected(taken("the uid " + record.uid.text(), *key));
    const auto* entry = index_.find(key_for(record));
    if (entry != nullptr && !entry->damage.empty()) return std::unexpected(damaged(entry->key, entry->damage));
    if (entry != nullptr && entry->record) return std::unexpected(taken("the name " + entry->key.text(), entry->key));
    return check_ports(record);
}

Task<Result<Version, StoreError>> KubernetesServerStore::create(Record record) {
    CO_TRY_OK(check_synced());
    if (!check_new(record)) {
        co_await look_at_holder(record);
        CO_TRY_OK(check_new(record));
    }
    CO_TRY(place, co_await place_for(record));
    drop_named(record);
    // Secrets first: a server that has a record has them.
    auto made = co_await secrets_.make(place.object, record);
    if (!made) co_return std::unexpected(store_error(made.error()));
    co_return co_await store_first(std::move(place), std::move(record));
}

// That something is taken is not said by an old copy either: its first list may show what is long gone.
Task<void> KubernetesServerStore::look_at_holder(const Record& record) {
    const auto key = index_.key_of(record.uid).value_or(key_for(record));
    const auto* entry = index_.find(key);
    if (entry == nullptr) co_return;
    const auto object_uid = std::string(uid_of(*entry->object));
    const auto now = co_await read(key);
    if (!now && now.error().kind == Kind::not_found) index_.removed(key, object_uid);
}

// The object that is to hold the record: a new one, or one that is there and holds none.
KubernetesServerStore::Answer<KubernetesServerStore::Place> KubernetesServerStore::place_for(const Record& record) {
    const auto key = key_for(record);
    if (index_.find(key) == nullptr) {
        auto made = co_await client_.create(game_servers(), game_server_for(record));
        if (made) {
            auto object = std::make_shared<const Value>(std::move(*made));
            index_.wrote(object);
            co_return Place{.object = std::move(object), .is_new = true};
        }
        if (made.error().kind != Failure::Kind::exists) co_return std::unexpected(store_error(made.error()));
    }
    for (int tried = 0; tried < tries_max; ++tried) {
        CO_TRY(object, co_await read(key));
        auto placed = co_await take(std::move(object), record);
        if (placed) co_return Place{.object = std::move(*placed), .is_new = false};
        const auto* entry = index_.find(key);
        if (placed.error().kind != Kind::conflict || (entry != nullptr && entry->record)) co_return std::unexpected(std::move(placed).error());
    }
    co_return std::unexpected(StoreError{Kind::conflict, fmt::format("GameServer {} changes too fast", key.text())});
}

// Marks an object that people have made as one whose deletion waits for us.
KubernetesServerStore::Answer<ObjectPtr> KubernetesServerStore::take(ObjectPtr object, const Record& record) {
    const auto key = key_of(*object);
    const auto held = record_of(*object);
    if (!held) co_return std::unexpected(damaged(key, held.error()));
    if (*held) co_return std::unexpected(taken("the name " + key.text(), key));
    if (is_ending(*object)) co_return std::unexpected(StoreError{Kind::conflict, fmt::format("GameServer {} is being deleted", key.text())});
    auto finalizers = finalizers_of(*object);
    const Value ours = std::string(finalizer);
    if (std::ranges::find(finalizers, ours) == finalizers.end()) finalizers.push_back(ours);
    auto labels = Value::object({{std::string(server_label), record.uid.text()}, {std::string(manager_label), manager}});
    auto patch = Value::object(
        {{"metadata",
          Value::object({{"resourceVersion", version_of(*object)}, {"labels", std::move(labels)}, {"finalizers", std::move(finalizers)}})}});
    auto patched = co_await client_.merge(game_servers(), key, std::move(patch));
    if (!patched) co_return std::unexpected(store_error(patched.error()));
    auto out = std::make_shared<const Value>(std::move(*patched));
    index_.wrote(out);
    co_return out;
}

KubernetesServerStore::Answer<Version> KubernetesServerStore::store_first(Place place, Record record) {
    auto& object = place.object;
    const auto key = key_of(*object);
    for (int tried = 0; tried < tries_max; ++tried) {
        const auto now = client_.clock().now();
        const bool is_met = place.is_new || says_all_of(server::declared(record), declaration_of(*object).declared);
        auto begun = is_met ? accepted_status(*object, record, now) : old_status(*object);
        auto written = co_await write(status_document(*object, status_of(begun, record, now)), "status");
        if (written) {
            written_(*object, *written);
            co_return version_in(**written);
        }
        if (written.error().kind != Kind::conflict) co_return std::unexpected(std::move(written).error());
        CO_TRY(changed, co_await read(key));
        const auto held = record_of(*changed);
        if (!held || *held || is_ending(*changed)) co_return std::unexpected(taken("the name " + key.text(), key));
        place = {.object = std::move(changed), .is_new = false};
    }
    co_return std::unexpected(StoreError{Kind::conflict, fmt::format("GameServer {} changes too fast", key.text())});
}

Task<Result<Version, StoreError>> KubernetesServerStore::replace(Record record) {
    CO_TRY_OK(check_synced());
    CO_TRY(object, co_await base_for(record));
    // One that has its ports already keeps them, whoever else has them by now.
    if ((*record_of(*object))->ports != record.ports) CO_TRY_OK(check_ports(record));
    CO_TRY_OK(co_await store_secrets(object, record));
    auto status = status_of(old_status(*object), record, client_.clock().now());
    CO_TRY(written, co_await write(status_document(*object, std::move(status)), "status"));
    written_(*object, written);
    co_return version_in(*written);
}

// The object at the version that the caller has read, which holds what we do not change.
KubernetesServerStore::Answer<ObjectPtr> KubernetesServerStore::base_for(const Record& record) {
    const auto key = key_for(record);
    const auto* entry = index_.find(key);
    auto object = entry != nullptr ? entry->object : nullptr;
    if (object == nullptr || version_in(*object) != record.version) {
        // Behind, or ahead: the API server knows.
        CO_TRY(now, co_await read(key));
        object = std::move(now);
    }
    const auto held = record_of(*object);
    if (!held) co_return std::unexpected(damaged(key, held.error()));
    if (*held && (*held)->uid != record.uid && index_.key_of(record.uid)) co_return std::unexpected(taken("the name " + key.text(), key));
    if (!*held || (*held)->uid != record.uid) co_return std::unexpected(not_there("with the uid " + record.uid.text()));
    if (version_in(*object) != record.version) co_return std::unexpected(moved_on(*object, record.version));
    co_return object;
}

// Records that came from list() have none, which does not mean that they were taken away.
KubernetesServerStore::Answer<Success> KubernetesServerStore::store_secrets(ObjectPtr object, Record record) {
    drop_named(record);
    if (record.secrets.empty()) co_return Success{};
    const auto known = co_await secrets_.read(key_for(record));
    if (known && known->game == record.secrets) co_return Success{};
    if (!known && known.error().kind != Failure::Kind::not_found) co_return std::unexpected(store_error(known.error()));
    auto made = co_await secrets_.make(std::move(object), std::move(record));
    if (!made) co_return std::unexpected(store_error(made.error()));
    co_return Success{};
}

// First marked as ending on the version that was seen, then released: between the two it still counts as ours, so that whoever comes after a crash
// goes on with it.
Task<Result<Success, StoreError>> KubernetesServerStore::remove(ServerUid uid, Version seen) {
    CO_TRY_OK(check_synced());
    CO_TRY(object, co_await object_of(uid));
    if (version_in(*object) != seen) co_return std::unexpected(moved_on(*object, seen));
    const auto key = key_of(*object);
    const auto object_uid = std::string(uid_of(*object));
    if (!is_ending(*object)) {
        Preconditions as_seen{.uid = object_uid, .version = seen.text};
        auto ended = co_await client_.remove(game_servers(), key, std::move(as_seen));
        if (!ended && ended.error().kind != Failure::Kind::not_found) co_return std::unexpected(store_error(ended.error()));
    }
    CO_TRY_OK(co_await let_go(key, object_uid));
    index_.removed(key, object_uid);
    secrets_.forget(key);
    watchers_.notify(uid);
    co_return Success{};
}

KubernetesServerStore::Answer<Success> KubernetesServerStore::let_go(ObjectKey key, std::string object_uid) {
    for (int tried = 0; tried < tries_max; ++tried) {
        auto object = co_await client_.get(game_servers(), key);
        const bool is_gone = object ? uid_of(*object) != object_uid : object.error().kind == Failure::Kind::not_found;
        if (is_gone) co_return Success{};
        if (!object) co_return std::unexpected(store_error(object.error()));
        auto finalizers = finalizers_of(*object);
        if (std::erase(finalizers, Value(std::string(finalizer))) == 0) co_return Success{};
        auto patch = Value::object({{"metadata", Value::object({{"resourceVersion", version_of(*object)}, {"finalizers", std::move(finalizers)}})}});
        const auto patched = co_await client_.merge(game_servers(), key, std::move(patch));
        if (patched || patched.error().kind == Failure::Kind::not_found) co_return Success{};
        if (patched.error().kind != Failure::Kind::conflict) co_return std::unexpected(store_error(patched.error()));
    }
    co_return std::unexpected(StoreError{Kind::unavailable, fmt::format("GameServer {} changes too fast", key.text())});
}

// A uid that the copy does not show may be newer than the copy.
KubernetesServerStore::Answer<ObjectPtr> KubernetesServerStore::object_of(ServerUid uid) {
    auto key = index_.key_of(uid);
    if (!key) {
        Selection selection{.space = {}, .labels = std::string(server_label) + "=" + uid.text(), .fields = {}};
        const wire::kubernetes::Reflector::List as_of_now;
        auto listed = co_await client_.list(game_servers(), std::move(selection), as_of_now);
        if (!listed) co_return std::unexpected(store_error(listed.error()));
        for (auto& object : listed->items) index_.wrote(std::move(object));
        key = index_.key_of(uid);
    }
    if (!key) co_return std::unexpected(not_there("with the uid " + uid.text()));
    CO_TRY(object, co_await read(*key));
    const auto held = record_of(*object);
    if (!held) co_return std::unexpected(damaged(*key, held.error()));
    if (!*held || (*held)->uid != uid) co_return std::unexpected(not_there("with the uid " + uid.text()));
    co_return object;
}

// What we wrote ourselves is in the copy. Whoever acts on something older is told so when he writes, and then the copy is new again.
Task<Result<Record, StoreError>> KubernetesServerStore::get(ServerUid uid) {
    CO_TRY_OK(check_synced());
    if (const auto* entry = index_.find(uid); entry != nullptr && entry->record) {
        auto known = *entry->record;
        co_return co_await with_secrets(std::move(known));
    }
    CO_TRY(object, co_await object_of(uid));
    co_return co_await with_secrets(**record_of(*object));
}

Task<Result<Record, StoreError>> KubernetesServerStore::find(std::string space, std::string id) {
    CO_TRY_OK(check_synced());
    ObjectKey key{.space = std::move(space), .name = std::move(id)};
    if (const auto* entry = index_.find(key); entry == nullptr || !entry->record) {
        auto read_now = co_await read(key);
        if (!read_now && read_now.error().kind == Kind::not_found) co_return std::unexpected(not_there(key.text()));
        if (!read_now) co_return std::unexpected(std::move(read_now).error());
    }
    const auto* entry = index_.find(key);
    if (entry != nullptr && !entry->damage.empty()) co_return std::unexpected(damaged(key, entry->damage));
    if (entry == nullptr || !entry->record) co_return std::unexpected(not_there(key.text()));
    auto record = *entry->record;
    co_return co_await with_secrets(std::move(record));
}

KubernetesServerStore::Answer<Record> KubernetesServerStore::with_secrets(Record record) {
    const auto key = key_for(record);
    auto keys = co_await secrets_.read(key);
    if (keys) record.secrets = std::move(keys->game);
    if (keys && lacks_secrets(record)) {
        // Another process of ours has stored a newer one.
        secrets_.forget(key);
        keys = co_await secrets_.read(key);
        if (keys) record.secrets = std::move(keys->game);
    }
    if (!keys && keys.error().kind != Failure::Kind::not_found) co_return std::unexpected(store_error(keys.error()));
    co_return co_await with_named_secrets(std::move(record));
}

// One that is not there shows when the game is to be started with it.
KubernetesServerStore::Answer<Record> KubernetesServerStore::with_named_secrets(Record record) {
    for (const auto& [name, value] : record.settings) {
        const auto place = server::secret_place(value);
        if (!place || place->is_stored()) continue;
        ObjectKey key{.space = record.space, .name = place->name};
        auto secret = co_await secrets_.read_named(std::move(key), place->key);
        if (!secret) co_return std::unexpected(store_error(secret.error()));
        if (*secret) record.secrets.insert_or_assign(server::secret_key(name, *place), std::move(**secret));
    }
    co_return record;
}

Task<Result<std::vector<Record>, StoreError>> KubernetesServerStore::list() {
    CO_TRY_OK(check_synced());
    std::vector<Record> all;
    for (const auto& [key, entry] : index_.all()) {
        if (entry.record) all.push_back(*entry.record);
    }
    co_return all;
}

KubernetesServerStore::Answer<ObjectPtr> KubernetesServerStore::read(ObjectKey key) {
    auto got = co_await client_.get(game_servers(), key);
    if (!got) co_return std::unexpected(store_error(got.error()));
    auto object = std::make_shared<const Value>(std::move(*got));
    index_.wrote(object);
    co_return object;
}

KubernetesServerStore::Answer<ObjectPtr> KubernetesServerStore::write(Value object, std::string subresource) {
    const auto key = key_of(object);
    auto put = co_await client_.update(game_servers(), std::move(object), std::move(subresource));
    if (!put && put.error().kind == Failure::Kind::conflict) std::ignore = co_await read(key);
    if (!put) co_return std::unexpected(store_error(put.error()));
    auto stored = std::make_shared<const Value>(std::move(*put));
    if (index_.wrote(stored)) {
        const auto* entry = index_.find(key_of(*stored));
        if (entry->record) watchers_.notify(entry->record->uid);
    }
    co_return stored;
}

}  // namespace gk::kubernetes
