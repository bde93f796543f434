#pragma once

#include "ports/clock.hpp"
#include "ports/files.hpp"
#include "ports/game_files.hpp"
#include "ports/ledger.hpp"
#include "ports/port_map.hpp"
#include "ports/random.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::programs {

// The ports that everything above works with.
struct Ports {
    ServerStore& store;
    Ledger& ledger;
    Runtime& runtime;
    Vault& vault;
    Files& files;
    PortMap& port_map;
    GameFiles& game_files;
    Clock& clock;
    Random& random;
};

}  // namespace gk::programs
