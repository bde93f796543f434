#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/error.hpp"
#include "domain/server/record.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::app {

// Rebuilds every server from the vault alone, on a machine that knows nothing: each repository's newest snapshot that can be read back gives
// the record; the world stays in the vault until the server is started, which restores it. Servers that are known already are left as they
// are, so that it may be run again.
class Recovery {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        Vault& vault;
        Clock& clock;
    };
    // Reserves ports for the record, the ones it had when they are free, and returns what it got.
    using ReservePorts = std::function<Task<Result<std::vector<server::PortBinding>, Error>>(server::Record)>;

    Recovery(Ports ports, ReservePorts reserve_ports) : ports_(ports), reserve_ports_(std::move(reserve_ports)) {}

    struct Found {
        ServerUid uid;
        std::string space;
        std::string id;             // Empty when not even the record could be read.
        enum class Outcome : std::uint8_t { recovered, known, lost } outcome = Outcome::lost;
        std::optional<vault::Snapshot> snapshot;  // From which it was recovered.
        std::string detail;         // Why it is lost, or what was passed over.
    };
    // In the order of the repositories. An error only when the vault itself, or the store, cannot be used.
    Task<Result<std::vector<Found>, Error>> run();

private:
    // What is in one repository and proven.
    struct Proven {
        server::Record record;
        std::vector<vault::Snapshot> snapshots;  // Oldest first, all complete.
        std::string detail;
    };
    Task<Result<Found, Error>> recover(ServerUid uid);
    Task<Result<Proven, VaultError>> prove(ServerUid uid);
    Task<Result<server::Record, VaultError>> record_in(ServerUid uid, std::string engine_id);

    Ports ports_;
    ReservePorts reserve_ports_;
};

// What stays of a record when nothing but the vault is left: who the server is and what it should be. What it was doing is over.
server::Record as_recovered(const server::Record& saved, SnapshotId newest, Time now);

}  // namespace gk::app
