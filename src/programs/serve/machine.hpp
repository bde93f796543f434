#pragma once

#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/download/game_files.hpp"
#include "adapters/edge/stream_edge_line.hpp"
#include "adapters/process/plain_host.hpp"
#include "adapters/restic/vault.hpp"
#include "adapters/runc/launcher_host.hpp"
#include "adapters/shim/shim_runtime.hpp"
#include "adapters/sqlite/database.hpp"
#include "adapters/sqlite/fleet_store.hpp"
#include "adapters/sqlite/ledger.hpp"
#include "adapters/sqlite/match_store.hpp"
#include "adapters/sqlite/port_map.hpp"
#include "adapters/sqlite/server_store.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/files.hpp"
#include "adapters/system/random.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "programs/config/config.hpp"
#include "programs/edge/ban_file.hpp"
#include "programs/serve/address.hpp"
#include "programs/serve/edge_process.hpp"
#include "programs/serve/installation.hpp"
#include "programs/serve/rights.hpp"
#include "programs/serve/shared_matches.hpp"

namespace gk::programs {

// One object in two roles: it runs games, and it runs restic beside their worlds.
struct Hands {
    std::unique_ptr<Host> host;
    Workbench& workbench;
    EdgeProcess::Starter edge{};  // Of one that may speak for players; none: nobody here can start that.
};

// Every adapter of the embedded shape on one loop, in the order in which they need each other. It keeps from the start: the lock on the database
// lets no second one in.
class Machine final : public Installation {
public:
    static Result<std::unique_ptr<Machine>, std::string> open(boost::asio::io_context& loop, const Config& config, const Rights& rights);

    // Joins the control planes with which matches are shared, when the configuration names their database.
    Task<Result<Success, std::string>> share_matches(boost::asio::any_io_executor loop, const Rights& rights);

    Ports ports() override { return {store, ledger, runtime, vault, files, port_map, game_files, clock, random}; }
    std::optional<MatchPorts> matches() override;
    std::optional<Front> edges() override;
    const Keys& keys() const override { return keys_; }
    app::MachineLimits limits() const override { return machine_limits(config_, own_addresses_); }
    std::string public_host() const override { return programs::public_host(config_); }
    Task<std::vector<std::string>> shortcomings() override;
    Task<Result<FirstKey, std::string>> first_key(std::function<Secret()> make) override;
    void begin(async::TaskGroup& tasks, async::TaskGroup&) override;
    Task<void> elected() override { co_return; }
    Task<std::string> deposed() override;
    Task<Milliseconds> use_idle_time() override;

private:
    const Config& config_;
    bool own_addresses_ = false;  // Of games (docs/adr/0031).
    Keys keys_;

public:
    system::SystemClock clock;
    system::SystemRandom random;
    std::unique_ptr<sqlite::Database> database;
    sqlite::SqliteServerStore store;
    sqlite::SqliteLedger ledger;
    sqlite::SqliteMatchStore match_store;
    sqlite::SqliteFleetStore fleet_store;
    sqlite::SqlitePortMap port_map;
    Hands hands;
    shim::ShimRuntime runtime;
    restic::ResticVault vault;
    system::SystemFiles files;
    download::DownloadedGameFiles game_files;

private:
    Machine(boost::asio::io_context& loop, const Config& config, const Rights& rights, Keys kept, std::unique_ptr<sqlite::Database> opened,
            tls::Context trust);

    // Matches that several control planes of this machine share: their servers are in a folder of their own.
    struct Shared {
        Shared(boost::asio::any_io_executor loop, Clock& on, const std::string& folder, SharedMatches stores, Secret key);
        SharedMatches matches;
        process::PlainHost host;
        shim::ShimRuntime runtime;
        Secret token_key;
    };
    std::unique_ptr<Shared> shared_;
    // With edge.enabled.
    Result<Success, std::string> open_edge(boost::asio::any_io_executor loop);
    std::unique_ptr<edge_line::StreamEdgeLine> edge_line_;
    std::unique_ptr<BanFile> bans_;
    std::unique_ptr<EdgeProcess> edge_process_;
};

}  // namespace gk::programs
