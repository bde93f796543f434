#pragma once

#include <span>
#include <string>

#include "domain/vault/snapshot.hpp"

namespace gk::app {

struct RestoreHelp {
    std::string name;           // "default/castle".
    std::string repository;     // The restic repository of this server.
    std::string password_file;  // <state>/vault.key.
};

// For `gamekeeper vault show`: how a person gets the world back with plain restic, without us. Every line that begins with "  restic" can be
// copied and run as it is. Snapshots come newest first; only complete ones are shown.
std::string restore_help(const RestoreHelp& where, std::span<const vault::Snapshot> newest_first);

}  // namespace gk::app
