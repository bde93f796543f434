#include "adapters/memory/vault.hpp"

#include <algorithm>
#include <fnmatch.h>

#include <fmt/format.h>

#include "base/text.hpp"

namespace gk::memory {
namespace {

using Stored = VaultState::Stored;

std::unexpected<VaultError> error(VaultError::Kind kind, std::string detail) { return std::unexpected(VaultError{kind, std::move(detail)}); }

// As restic matches below the world: a pattern with a '/' is a path from its top, one without is a name at any depth; a folder goes with all
// that is in it.
bool is_excluded(std::string_view path, std::string pattern) {
    const bool anchored = pattern.find('/') != std::string::npos;
    if (pattern.starts_with('/')) pattern.erase(0, 1);
    std::string above;
    for (const auto name : split(path, '/')) {
        above = above.empty() ? std::string(name) : fmt::format("{}/{}", above, name);
        const auto subject = anchored ? above : std::string(name);
        if (::fnmatch(pattern.c_str(), subject.c_str(), FNM_PATHNAME) == 0) return true;
    }
    return false;
}

World without(World world, const std::vector<std::string>& excludes) {
    std::erase_if(world, [&](const auto& file) {
        return std::ranges::any_of(excludes, [&](const std::string& pattern) { return is_excluded(file.first, pattern); });
    });
    return world;
}

TakenSnapshot measured(const World& world, std::uint64_t number) {
    TakenSnapshot taken{.engine_id = fmt::format("{:064x}", number), .bytes = 0, .files = std::ssize(world)};
    for (const auto& [path, content] : world) taken.bytes += std::ssize(content);
    return taken;
}

}  // namespace

Result<Success, VaultError> MemoryVault::reachable() const {
    if (state_.down) return std::unexpected(*state_.down);
    return Success{};
}

Result<Stored*, VaultError> MemoryVault::find(ServerUid server, const std::string& engine_id) {
    TRY_OK(reachable());
    const auto repository = state_.repositories.find(server);
    if (repository == state_.repositories.end()) return error(VaultError::Kind::not_found, "there is no repository");
    const auto found = std::ranges::find(repository->second, engine_id, [](const Stored& stored) { return stored.entry.engine_id; });
    if (found == repository->second.end()) return error(VaultError::Kind::not_found, "there is no such snapshot in the repository");
    return &*found;
}

Result<Success, VaultError> MemoryVault::admit(ServerUid server, Epoch epoch) {
    TRY_OK(reachable());
    auto& highest = state_.epochs[server];
    if (epoch < highest) return error(VaultError::Kind::fenced, "a newer keeper works on this repository");
    highest = epoch;
    return Success{};
}

MemoryVault::Answer<Success> MemoryVault::probe() { co_return reachable(); }

MemoryVault::Answer<TakenSnapshot> MemoryVault::take(SnapshotOrder order) {
    CO_TRY_OK(admit(order.server, order.epoch));
    auto& repository = state_.repositories[order.server];
    const auto known = std::ranges::find(repository, order.id, [](const Stored& stored) { return stored.entry.id; });
    if (known != repository.end()) co_return known->taken;
    auto world = worlds_.read(order.server);
    if (!world) co_return error(VaultError::Kind::unreadable, "there is no world to save");
    Stored stored;
    stored.world = without(std::move(*world), order.excludes);
    stored.taken = measured(stored.world, ++state_.made);
    stored.entry = {
        .id = order.id, .engine_id = stored.taken.engine_id, .created_at = now_(), .consistency = order.consistency, .trigger = order.trigger};
    stored.record = std::move(order.record);
    repository.push_back(stored);
    co_return stored.taken;
}

MemoryVault::Answer<Success> MemoryVault::verify(ServerUid server, std::string engine_id) {
    CO_TRY(stored, find(server, engine_id));
    if (stored->is_damaged) co_return error(VaultError::Kind::corrupt, "the repository is damaged");
    co_return Success{};
}

MemoryVault::Answer<Success> MemoryVault::restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot, Epoch epoch) {
    CO_TRY_OK(admit(server, epoch));
    CO_TRY(stored, find(server, engine_id));
    if (stored->is_damaged) co_return error(VaultError::Kind::corrupt, "the repository is damaged");
    if (!worlds_.stage(server, stored->world, slot)) co_return error(VaultError::Kind::unreadable, "there is no staged disk");
    co_return Success{};
}

MemoryVault::Answer<Value> MemoryVault::record_of(ServerUid server, std::string engine_id) {
    CO_TRY(stored, find(server, engine_id));
    if (stored->is_damaged) co_return error(VaultError::Kind::corrupt, "the repository is damaged");
    co_return stored->record;
}

MemoryVault::Answer<std::vector<VaultEntry>> MemoryVault::list(ServerUid server) {
    CO_TRY_OK(reachable());
    std::vector<VaultEntry> entries;
    const auto repository = state_.repositories.find(server);
    if (repository == state_.repositories.end()) co_return entries;
    for (const auto& stored : repository->second) entries.push_back(stored.entry);
    co_return entries;
}

MemoryVault::Answer<std::vector<ServerUid>> MemoryVault::repositories() {
    CO_TRY_OK(reachable());
    std::vector<ServerUid> uids;
    for (const auto& [uid, stored] : state_.repositories) uids.push_back(uid);
    co_return uids;
}

MemoryVault::Answer<Success> MemoryVault::forget(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) {
    CO_TRY_OK(admit(server, epoch));
    const auto repository = state_.repositories.find(server);
    if (repository == state_.repositories.end()) co_return Success{};
    std::erase_if(repository->second,
                  [&](const Stored& stored) { return std::ranges::find(engine_ids, stored.entry.engine_id) != engine_ids.end(); });
    co_return Success{};
}

MemoryVault::Answer<Success> MemoryVault::sample(ServerUid server, int percent, std::uint64_t turn) {
    CO_TRY_OK(reachable());
    const auto turns = static_cast<std::size_t>(percent <= 0 ? 1 : (100 + percent - 1) / percent);
    const auto repository = state_.repositories.find(server);
    if (repository == state_.repositories.end()) co_return Success{};
    for (std::size_t i = turn % turns; i < repository->second.size(); i += turns) {
        if (repository->second[i].is_damaged) co_return error(VaultError::Kind::corrupt, "the repository is damaged");
    }
    co_return Success{};
}

MemoryVault::Answer<Success> MemoryVault::remove_repository(ServerUid server, Epoch epoch) {
    CO_TRY_OK(admit(server, epoch));
    state_.epochs.erase(server);
    state_.repositories.erase(server);
    co_return Success{};
}

}  // namespace gk::memory
