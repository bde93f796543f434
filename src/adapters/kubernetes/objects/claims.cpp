#include "adapters/kubernetes/objects/claims.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "adapters/kubernetes/objects/names.hpp"
#include "adapters/kubernetes/objects/pod.hpp"

namespace gk::kubernetes {
namespace {

using wire::kubernetes::ObjectKey;
using wire::kubernetes::text_at;

Value epoch_note(Epoch epoch) { return Value::object({{std::string(epoch_annotation), fmt::to_string(std::to_underlying(epoch))}}); }

std::optional<int> number_in(std::string_view name, std::string_view prefix) {
    if (!name.starts_with(prefix)) return std::nullopt;
    const auto digits = name.substr(prefix.size());
    int number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc() || end != digits.data() + digits.size() || number < 0) return std::nullopt;
    return number;
}

}  // namespace

std::vector<Claim> claims_of(const wire::kubernetes::Store& store, ServerUid uid, const ObjectKey& server) {
    std::vector<Claim> out;
    const auto prefix = object_name(server.name) + "-";
    const auto uid_text = uid.text();
    const auto& all = store.all();
    for (auto at = all.lower_bound(ObjectKey{server.space, prefix}); at != all.end(); ++at) {
        const auto& [key, object] = *at;
        if (key.space != server.space || !key.name.starts_with(prefix)) break;
        const auto number = number_in(key.name, prefix);
        const auto world = from_name<World>(text_at(*object, {"metadata", "labels", world_label}));
        if (!number || !world || text_at(*object, {"metadata", "labels", server_label}) != uid_text) continue;
        out.push_back({.name = key.name,
                       .object_uid = std::string(wire::kubernetes::uid_of(*object)),
                       .number = *number,
                       .world = *world,
                       .is_leaving = !text_at(*object, {"metadata", "deletionTimestamp"}).empty(),
                       .is_lost = text_at(*object, {"status", "phase"}) == "Lost",
                       .volume = std::string(text_at(*object, {"spec", "volumeName"}))});
    }
    std::ranges::sort(out, {}, &Claim::number);
    return out;
}

std::optional<Claim> live_claim(const std::vector<Claim>& claims) {
    const auto newest = std::ranges::find(claims.rbegin(), claims.rend(), World::live, &Claim::world);
    if (newest == claims.rend() || newest->is_leaving || newest->is_lost) return std::nullopt;
    return *newest;
}

std::optional<Claim> staged_claim(const std::vector<Claim>& claims) {
    const auto is_there = [](const Claim& it) { return it.world == World::staged && !it.is_leaving && !it.is_lost; };
    const auto at = std::ranges::find_if(claims.rbegin(), claims.rend(), is_there);
    return at == claims.rend() ? std::nullopt : std::optional(*at);
}

std::vector<Claim> stale_claims(const std::vector<Claim>& claims) {
    const auto live = live_claim(claims);
    std::vector<Claim> out;
    for (const auto& it : claims) {
        const bool is_replaced = live && it.world == World::live && it.number < live->number;
        if ((is_replaced || it.is_lost) && !it.is_leaving) out.push_back(it);
    }
    return out;
}

int next_number(const std::vector<Claim>& claims) { return claims.empty() ? 0 : claims.back().number + 1; }

std::string claim_name(std::string_view id, int number) { return fmt::format("{}-{}", object_name(id), number); }

Value claim(const NewClaim& wish) {
    auto labels = labels_of(wish.uid, wish.server.name);
    labels.set(world_label, name_of(wish.world));
    const auto size = Value::object({{"storage", fmt::format("{}Mi", wish.size.count)}});
    auto spec = Value::object({{"accessModes", Value(Value::Array{Value("ReadWriteOnce")})}, {"resources", Value::object({{"requests", size}})}});
    if (!wish.storage_class.empty()) spec.set("storageClassName", wish.storage_class);
    auto metadata = Value::object({{"name", claim_name(wish.server.name, wish.number)},
                                   {"namespace", wish.server.space},
                                   {"labels", std::move(labels)},
                                   {"annotations", epoch_note(wish.epoch)}});
    return Value::object({{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}, {"metadata", std::move(metadata)}, {"spec", std::move(spec)}});
}

Value claim_commit(Epoch epoch) {
    const auto labels = Value::object({{std::string(world_label), name_of(World::live)}});
    return Value::object({{"metadata", Value::object({{"labels", labels}, {"annotations", epoch_note(epoch)}})}});
}

}  // namespace gk::kubernetes
