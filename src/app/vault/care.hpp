#pragma once

#include <string>

#include "app/keeper/tenure.hpp"
#include "domain/vault/retention.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/notifier.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::app {

// Looks after what is in the vault: old snapshots go, worlds of deleted servers go when their time is over, and a share of everything is
// read again each day, so that a disk that rots is heard of before its backup is needed.
class VaultCare {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Vault& vault;
        Notifier& notifier;
        Clock& clock;
        const Tenure& tenure;  // The catalogue is the keeper's: it is written under its epoch, and not before it has one.
    };
    struct Options {
        vault::RetentionRule retention;
        Milliseconds interval = std::chrono::hours(1);
        Milliseconds sample_every = std::chrono::hours(24);
        int sample_percent = 5;
        // A kept world goes so much later than it can be adopted: longer than any request takes.
        Milliseconds adoption_grace = std::chrono::hours(1);
    };
    VaultCare(Ports ports, Options options) : ports_(ports), options_(options) {}

    // Until the task is cancelled.
    Task<void> run();

    // Removes what the rule lets go. The catalogue stops offering a snapshot before its data goes, and lists it until they are gone:
    // a crash in between leaves a failed entry, which the next round clears.
    Task<void> expire_snapshots();
    Task<void> expire_kept_worlds();
    // When a day has passed since the last time. Damage is told to people, once for each server until it is mended.
    Task<void> sample_when_due();

private:
    Task<void> expire_snapshots_of(server::Record record);
    Task<bool> expire(KeptWorld world);
    Task<bool> remove_from_vault(ServerUid server, std::vector<vault::Snapshot> doomed);
    Task<void> sample(ServerUid server, std::uint64_t turn);

    Ports ports_;
    Options options_;
};

}  // namespace gk::app
