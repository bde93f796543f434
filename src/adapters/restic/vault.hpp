#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/restic/engine.hpp"
#include "adapters/restic/journal.hpp"
#include "adapters/restic/place.hpp"
#include "adapters/restic/turnstile.hpp"
#include "base/secret.hpp"
#include "ports/vault.hpp"
#include "ports/workbench.hpp"

namespace gk::restic {

struct ResticOptions {
    Secret password;               // Of this installation (<state>/vault.key).
    Secret recovery_key;           // vault::recovery_key_text(): the second password of every repository.
    std::size_t runs_max = 2;      // restic processes at a time, over all servers: each takes a core and some 60 MB.
};

// The vault as restic repositories, one for each server, named by its uid. Every snapshot holds two paths, on any machine:
//     /data/...                the world
//     /record/record.json      the server's record
// so that `restic restore ID --target DIR --include /data` gives a user the world back without us.
//
// restic itself runs on the workbench, beside the world; hashes are checked and packs are listed without it, where the repositories lie (place.hpp).
// Work on one repository is done one at a time. docs/adr/ says how verify() proves a snapshot.
class ResticVault final : public Vault {
public:
    // The workbench must outlive this object, and all calls must have ended when it is destroyed.
    ResticVault(Workbench& bench, std::unique_ptr<Place> place, ResticOptions options);
    ~ResticVault() override;

    // Makes an empty repository in advance, with both keys, so that a first backup does not wait the six seconds which deriving them takes.
    // Does nothing when there is one.
    Answer<Success> prepare_spare();

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
    Answer<Success> open(ServerUid server);
    Answer<Success> make_spare();
    // Packs that are missing or damaged make restic believe that data is there which is not. Moves the damaged aside and lets restic
    // count what is left, so that the next snapshot stores the lost data again.
    Answer<Success> mend(ServerUid server, Epoch epoch);
    Answer<TakenSnapshot> back_up(SnapshotOrder order);
    Answer<Workbench::Ended> run_backup(const SnapshotOrder& order, std::string record);
    Answer<std::vector<VaultEntry>> list_now(ServerUid server);
    Answer<Success> drop(ServerUid server, std::vector<std::string> engine_ids, Epoch epoch);
    // Snapshots that were made for this order, all but `keep`: they may lack files. Never another's.
    Answer<Success> drop_unfinished(const SnapshotOrder& order, std::string keep);
    Answer<Success> check_hashes(ServerUid server, std::string engine_id);
    Answer<Success> check_structure(ServerUid server, std::string engine_id);
    // The journal, if no newer keeper has changed this repository, with this epoch in it.
    Answer<Journal> journal_under(std::string repository, Epoch epoch);
    Answer<Success> admit(std::string repository, Epoch epoch);
    Answer<Success> keep_journal(std::string repository, const Journal& journal);
    Answer<Journal> journal_of(std::string repository);
    Answer<Success> find_snapshot(ServerUid server, std::string engine_id);
    Answer<TakenSnapshot> taken_from(const Workbench::Ended& ended, ServerUid server, std::size_t record_size);
    Answer<Success> read_share(std::string repository, int percent, std::uint64_t turn);
    Answer<Success> check_all(std::string repository, std::string kind);
    Turnstile& turnstile_of(ServerUid server);

    Workbench& bench_;
    std::unique_ptr<Place> place_;
    ResticOptions options_;
    Engine engine_;
    std::map<ServerUid, std::unique_ptr<Turnstile>> servers_;
    std::map<std::string, Names> added_;  // By engine id: the packs that a snapshot of this process added.
    std::set<ServerUid> damaged_;         // verify() or sample() found damage: the next take() mends first.
    Turnstile spare_{1};
};

}  // namespace gk::restic
