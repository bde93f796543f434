#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/download/game_files.hpp"
#include "adapters/process/plain_host.hpp"
#include "adapters/restic/vault.hpp"
#include "adapters/runc/launcher_host.hpp"
#include "adapters/shim/shim_runtime.hpp"
#include "adapters/sqlite/database.hpp"
#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/port_map.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/files.hpp"
#include "adapters/system/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/rights.hpp"

namespace gk::programs {

// The secrets of an installation, in its state folder.
struct Keys {
    Secret vault;      // Opens every repository.
    Secret recovery;   // The second way in, for people.
    bool recovery_is_new = false;
};
Result<Keys, std::string> keep_keys(const Config& config, Random& random);

// Every adapter of the embedded shape on one loop, in the order in which they need each other.
class Machine {
public:
    static Result<std::unique_ptr<Machine>, std::string> open(boost::asio::io_context& loop, const Config& config, const Rights& rights);

    system::SystemClock clock;
    system::SystemRandom random;
    Keys keys;
    std::unique_ptr<sqlite::Database> database;
    sqlite::SqliteServerStore store;
    sqlite::SqliteLedger ledger;
    sqlite::SqlitePortMap port_map;
    std::unique_ptr<Host> host;
    shim::ShimRuntime runtime;
    restic::ResticVault vault;
    system::SystemFiles files;
    download::DownloadedGameFiles game_files;

private:
    Machine(boost::asio::io_context& loop, const Config& config, const Rights& rights, Keys kept, std::unique_ptr<sqlite::Database> opened,
            tls::Context trust);
};

}  // namespace gk::programs
