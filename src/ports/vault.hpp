#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/value.hpp"
#include "domain/vault/snapshot.hpp"
#include "ports/task.hpp"

namespace gk {

struct VaultError {
    // unavailable: the store is away or full, try again. corrupt: what is there cannot be trusted. not_found: no such repository or
    // snapshot. unreadable: the world could not be read. fenced: a newer keeper works on this repository, stop working.
    enum class Kind : std::uint8_t { unavailable, corrupt, not_found, unreadable, fenced };
    Kind kind;
    std::string detail;
};

// What a new snapshot is made of. The volume is found by the server's uid.
struct SnapshotOrder {
    ServerUid server;
    Epoch epoch{};                      // Of the keeper that wants it.
    SnapshotId id;                      // Written into the snapshot as a tag, so that one whose reply was lost is found again.
    vault::Consistency consistency = vault::Consistency::live;
    vault::Trigger trigger = vault::Trigger::user;
    std::vector<std::string> excludes;  // Paths below the volume, restic's patterns.
    Value record;                       // server::to_value() plus the game definition: enough to rebuild the server from this snapshot alone.
};

struct TakenSnapshot {
    std::string engine_id;
    std::int64_t bytes = 0;
    std::int64_t files = 0;
};

struct VaultEntry {
    SnapshotId id;
    std::string engine_id;
    Time created_at{};
    vault::Consistency consistency = vault::Consistency::live;
    vault::Trigger trigger = vault::Trigger::user;
};

// Where backups live: one repository for each server. Whoever changes one names its epoch, as in Ledger: from when a newer keeper has changed a
// repository on, an older one is `fenced` there. A store without transactions lets an older one that has looked just before still end what it has
// begun; then it touches nothing that a newer keeper has made.
class Vault {
public:
    virtual ~Vault() = default;
    template <class T>
    using Answer = Task<Result<T, VaultError>>;

    // Writes a small object into the store and reads it back: what it takes to believe that a backup can be made now.
    virtual Answer<Success> probe() = 0;
    // Makes the repository first if there is none. A snapshot with this id that is there already is returned, not made again.
    virtual Answer<TakenSnapshot> take(SnapshotOrder order) = 0;
    // Reads every pack that this snapshot added and compares its hash, and finds every other blob it needs in the index.
    virtual Answer<Success> verify(ServerUid server, std::string engine_id) = 0;
    // Writes the snapshot's files into the server's staged disk and checks them there.
    virtual Answer<Success> restore_to_stage(ServerUid server, std::string engine_id, std::uint32_t slot, Epoch epoch) = 0;
    // The record that take() was given.
    virtual Answer<Value> record_of(ServerUid server, std::string engine_id) = 0;
    // Asked only when our own catalogue is empty or doubtful.
    virtual Answer<std::vector<VaultEntry>> list(ServerUid server) = 0;
    virtual Answer<std::vector<ServerUid>> repositories() = 0;
    // Removes these snapshots and what only they used.
    virtual Answer<Success> forget(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch) = 0;
    // Reads `percent` of the repository's packs, other ones each time.
    virtual Answer<Success> sample(ServerUid server, int percent, std::uint64_t turn) = 0;
    virtual Answer<Success> remove_repository(ServerUid server, Epoch epoch) = 0;
};

}  // namespace gk
