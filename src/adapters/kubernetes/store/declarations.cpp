#include "adapters/kubernetes/store/declarations.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/game_server.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::uid_of;

// How often the keeper may write the same object between our read and our write.
constexpr int tries_max = 4;

// The API server keeps the members of what it does not know in an order of its own.
bool is_same_content(const Value& one, const Value& other) {
    const auto* members = one.as_object();
    if (members == nullptr || other.as_object() == nullptr) {
        const auto *items = one.as_array(), *others = other.as_array();
        if (items == nullptr || others == nullptr) return one == other;
        return std::ranges::equal(*items, *others, is_same_content);
    }
    return members->size() == other.as_object()->size() && std::ranges::all_of(*members, [&other](const Value::Member& member) {
               const auto* found = other.find(member.first);
               return found != nullptr && is_same_content(member.second, *found);
           });
}

ObjectKey key_for(const DeclarationName& name) { return {.space = name.space, .name = name.id}; }

StoreError another_one(const DeclarationName& name) {
    return {StoreError::Kind::conflict, fmt::format("GameServer {}/{} is not the one that was looked at", name.space, name.id)};
}

StoreError too_fast(const DeclarationName& name) {
    return {StoreError::Kind::unavailable, fmt::format("GameServer {}/{} changes too fast", name.space, name.id)};
}

}  // namespace

Declarations::Answer<std::vector<DeclarationName>> KubernetesDeclarations::list() {
    std::vector<DeclarationName> names;
    for (const auto& [key, entry] : store_.index().all()) names.push_back({.space = key.space, .id = key.name});
    co_return names;
}

std::optional<Declaration> KubernetesDeclarations::seen(const DeclarationName& name) {
    const auto* entry = store_.index().find(key_for(name));
    // Of a damaged one nothing is known that could be carried out.
    if (entry == nullptr || !entry->damage.empty()) return std::nullopt;
    return declaration_of(*entry->object);
}

Declarations::Answer<Declaration> KubernetesDeclarations::get(DeclarationName name) {
    CO_TRY(object, co_await store_.read(key_for(name)));
    if (const auto record = record_of(*object); !record) co_return std::unexpected(StoreError{StoreError::Kind::corrupt, record.error()});
    co_return declaration_of(*object);
}

// The keeper writes the rest of the same status at any time. What we write here nobody else does, so it is written on top of whatever is there.
Declarations::Answer<Success> KubernetesDeclarations::note(Declaration looked_at, Verdict verdict) {
    for (int tried = 0; tried < tries_max; ++tried) {
        CO_TRY(object, co_await store_.read(key_for(looked_at.name)));
        if (uid_of(*object) != looked_at.object) co_return std::unexpected(another_one(looked_at.name));
        auto next = *object;
        next.set("status", status_with(*object, verdict, clock_.now()));
        if (is_same_content(next, *object)) co_return Success{};
        const auto written = co_await store_.write(std::move(next), "status");
        if (!written && written.error().kind == StoreError::Kind::conflict) continue;
        if (!written) co_return std::unexpected(written.error());
        if (verdict.refused && verdict.refused != looked_at.refused)
            events_.tell(*written, {.reason = "Refused", .note = verdict.refused->detail, .is_warning = true, .action = "TakeIn"});
        co_return Success{};
    }
    co_return std::unexpected(too_fast(looked_at.name));
}

Declarations::Answer<std::int64_t> KubernetesDeclarations::declare(Declaration looked_at, Value declared) {
    for (int tried = 0; tried < tries_max; ++tried) {
        CO_TRY(object, co_await store_.read(key_for(looked_at.name)));
        const auto now = declaration_of(*object);
        if (now.object != looked_at.object || now.generation != looked_at.generation) co_return std::unexpected(another_one(looked_at.name));
        auto next = declared_by_us(*object, declared);
        std::string main_resource;
        const auto written = co_await store_.write(std::move(next), std::move(main_resource));
        if (written) co_return declaration_of(**written).generation;
        if (written.error().kind != StoreError::Kind::conflict) co_return std::unexpected(written.error());
    }
    co_return std::unexpected(too_fast(looked_at.name));
}

std::shared_ptr<void> KubernetesDeclarations::watch(Changed changed) {
    return store_.watch_objects([changed = std::move(changed)](const ObjectKey& key) { changed({.space = key.space, .id = key.name}); });
}

}  // namespace gk::kubernetes
