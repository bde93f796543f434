#pragma once

#include "app/game_book.hpp"
#include "base/time.hpp"
#include "domain/server/plan.hpp"
#include "ports/clock.hpp"
#include "ports/files.hpp"
#include "ports/ledger.hpp"
#include "ports/notifier.hpp"
#include "ports/port_map.hpp"
#include "ports/random.hpp"
#include "ports/runtime.hpp"
#include "ports/server_store.hpp"
#include "ports/vault.hpp"

namespace gk::app {

// Everything the keeper reads and changes. Owned by the program, which lets them outlive the keeper.
struct KeeperPorts {
    ServerStore& store;
    Ledger& ledger;
    Runtime& runtime;
    Vault& vault;
    Files& files;
    PortMap& port_map;
    Clock& clock;
    Random& random;
    Notifier& notifier;
    const GameBook& games;
};

struct KeeperLimits {
    server::Limits server;
    std::size_t workers_max = 16;                      // Servers that are worked on at once.
    bool share_writes = false;                         // Steps without effects share one write of the record: where writes are dear.
    Milliseconds keep_deleted = std::chrono::days(30); // How long the world of a deleted server stays in the vault.
    Milliseconds orphan_grace = std::chrono::minutes(1);
    // Longer than a create can take: until its record is stored, nobody else may have the numbers that it has reserved.
    Milliseconds port_grace = std::chrono::minutes(10);
    // The same for operations from before this keeper began. None where the process that died was the only one to write them.
    Milliseconds inherited_grace{0};
};

// Why work on a server cannot go on in this round.
struct Halt {
    // fenced: a newer keeper is at work; stop for good. trouble: a store or the runtime does not answer; look again later.
    enum class Kind : std::uint8_t { fenced, trouble };
    Kind kind = Kind::trouble;
    std::string detail;
};

}  // namespace gk::app
