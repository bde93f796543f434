#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ports/vault.hpp"

namespace gk::memory {

// The files of a world by path.
using World = std::map<std::string, std::string>;

// Where a vault in memory finds worlds and puts them.
struct WorldAccess {
    std::function<std::optional<World>(ServerUid)> read;  // Nullopt: there is no disk.
    // Into the staged disk, owned by the slot; false when there is none.
    std::function<bool(ServerUid, World, std::uint32_t slot)> stage;
};

// What a vault holds, as plain data; it outlives the adapters as a disk outlives a process. Tests damage it by hand.
struct VaultState {
    struct Stored {
        VaultEntry entry;
        TakenSnapshot taken;
        World world;
        Value record;
        bool is_damaged = false;
    };
    std::map<ServerUid, std::vector<Stored>> repositories;  // Oldest first.
    std::map<ServerUid, Epoch> epochs;  // The highest that has changed each.
    std::uint64_t made = 0;
    std::optional<VaultError> down;  // What every call answers while it is set.
};

// The semantics of the restic vault without restic, clock or disk.
class MemoryVault final : public Vault {
public:
    // `now` gives the time that new snapshots bear.
    MemoryVault(VaultState& state, WorldAccess worlds, std::function<Time()> now) : state_(state), worlds_(std::move(worlds)), now_(std::move(now)) {}

    Answer<Success> probe() override;
    Answer<TakenSnapshot> take(SnapshotOrder order) override;
    Answer<Success> verify(ServerUid server, std::string engine_id) override;
    Answer<Success> restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot, Epoch epoch) override;
    Answer<Value> record_of(ServerUid server, std::string engine_id) override;
    Answer<std::vector<VaultEntry>> list(ServerUid server) override;
    Answer<std::vector<ServerUid>> repositories() override;
    Answer<Success> forget(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) override;
    Answer<Success> sample(ServerUid server, int percent, std::uint64_t turn) override;
    Answer<Success> remove_repository(ServerUid server, Epoch epoch) override;

private:
    Result<Success, VaultError> reachable() const;
    Result<Success, VaultError> admit(ServerUid server, Epoch epoch);
    Result<VaultState::Stored*, VaultError> find(ServerUid server, const std::string& engine_id);

    VaultState& state_;
    WorldAccess worlds_;
    std::function<Time()> now_;
};

}  // namespace gk::memory
