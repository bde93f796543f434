#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "domain/vault/snapshot.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

struct AdoptOrder {
    std::string place;     // Folder with the repositories.
    Secret recovery_key;   // As vault::parse_recovery_key() gives it.
};

struct AdoptedServer {
    ServerUid uid;
    std::string space;
    std::string id;        // Empty when not even the record could be read.
    std::string what;      // "recovered", "known" or "lost".
    std::optional<vault::Snapshot> snapshot;
    std::string detail;
};

// Rebuilds every server in the state folder from a vault and its recovery key (app/vault/recovery). The vault is used where it lies from then
// on: the state's gamekeeper.yaml says so, and as root its files are given to the user that serve runs as. The recovery key stays the same.
// Nothing of the control plane may run meanwhile; the database's lock sees to that. The error is a sentence for people.
Result<std::vector<AdoptedServer>, std::string> adopt_vault(Config config, const AdoptOrder& order);

}  // namespace gk::programs
