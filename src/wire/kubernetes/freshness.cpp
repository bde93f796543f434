#include "wire/kubernetes/freshness.hpp"

#include <algorithm>

namespace gk::wire::kubernetes {
namespace {

bool is_number(std::string_view text) {
    return !text.empty() && text.front() != '0' && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

// By length and then digit by digit, so that no version is too long.
bool is_at_least(std::string_view version, std::string_view other) {
    if (version == other) return true;
    if (!is_number(version) || !is_number(other)) return false;
    return version.size() != other.size() ? version.size() > other.size() : version > other;
}

void Freshness::wrote(const ObjectKey& key, std::string_view version) { pending_[key] = {.version = std::string(version), .uid = {}}; }

// A write of ours that was not seen yet stays to be seen: an absence from before it is not the end of the object.
void Freshness::removed(const ObjectKey& key, std::string_view uid) { pending_[key].uid = uid; }

void Freshness::saw(const ObjectKey& key, const Value* object, std::string_view list_version) {
    const auto found = pending_.find(key);
    if (found == pending_.end()) return;
    const auto& [version, uid] = found->second;
    const auto shown = object == nullptr ? list_version : version_of(*object);
    const bool has_version = version.empty() || is_at_least(shown, version);
    const bool has_end = uid.empty() || object == nullptr || uid_of(*object) != uid;
    if (has_version && has_end) pending_.erase(found);
}

void Freshness::saw_list(const Store& store, std::string_view list_version) {
    for (auto at = pending_.begin(); at != pending_.end();) {
        const auto key = (at++)->first;  // What was seen is taken out.
        saw(key, store.find(key).get(), list_version);
    }
}

}  // namespace gk::wire::kubernetes
