#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "adapters/download/game_files.hpp"
#include "adapters/edge/stream_edge_line.hpp"
#include "adapters/kubernetes/client/elector.hpp"
#include "adapters/kubernetes/client/reviewed_tokens.hpp"
#include "adapters/kubernetes/runtime/backup_pods.hpp"
#include "adapters/kubernetes/runtime/cluster_nodes.hpp"
#include "adapters/kubernetes/runtime/cluster_runtime.hpp"
#include "adapters/kubernetes/runtime/match_pods.hpp"
#include "adapters/kubernetes/runtime/pod_ports.hpp"
#include "adapters/kubernetes/store/declarations.hpp"
#include "adapters/kubernetes/store/events.hpp"
#include "adapters/kubernetes/store/fleet_store.hpp"
#include "adapters/kubernetes/store/game_resources.hpp"
#include "adapters/kubernetes/store/package_maps.hpp"
#include "adapters/kubernetes/store/player_counts.hpp"
#include "adapters/kubernetes/store/port_map.hpp"
#include "adapters/kubernetes/store/server_store.hpp"
#include "adapters/postgres/ledger.hpp"
#include "adapters/process/plain_host.hpp"
#include "adapters/restic/vault.hpp"
#include "adapters/sqlite/database.hpp"
#include "adapters/sqlite/ledger.hpp"
#include "adapters/system/clock.hpp"
#include "adapters/system/household.hpp"
#include "adapters/system/random.hpp"
#include "async/wait_queue.hpp"
#include "net/shim/remote.hpp"
#include "programs/cluster/access.hpp"
#include "programs/config/config.hpp"
#include "programs/serve/ban_map.hpp"
#include "programs/serve/installation.hpp"
#include "programs/serve/shared_matches.hpp"
#include "programs/serve/vault_place.hpp"

namespace gk::programs {

// Where a cluster's control planes keep what is no server: PostgreSQL, which they share, or SQLite on the volume of a single one.
struct ClusterLedger {
    std::unique_ptr<sqlite::Database> database;
    std::unique_ptr<sqlite::SqliteLedger> own;
    std::unique_ptr<postgres::PostgresLedger> shared;
    std::optional<SharedMatches> matches;  // With `shared`.

    static Task<Result<ClusterLedger, std::string>> open(boost::asio::any_io_executor loop, Clock& clock, const Config& config);
    Ledger& ledger() const { return shared ? static_cast<Ledger&>(*shared) : *own; }
};

// Every adapter of the cluster shape: games are pods, records are GameServers, and a lease says who keeps.
class Cluster final : public Installation {
public:
    static Task<Result<std::unique_ptr<Cluster>, std::string>> open(boost::asio::io_context& loop, const Config& config,
                                                                    std::optional<StoreAccess> store);

    Ports ports() override { return {store_, ledger_.ledger(), runtime_, vault_, files_, port_map_, game_files_, *clock_, random_}; }
    catalog::RenderContext render_context() const override;
    void use(const app::GameBook& games, const Declared& declared) override;
    std::optional<MatchPorts> matches() override;
    Declarations* declarations() override { return &declarations_; }
    Nodes* nodes() override { return &nodes_; }
    std::optional<Front> edges() override;
    const Keys& keys() const override { return keys_; }
    app::MachineLimits limits() const override;
    std::string public_host() const override { return {}; }  // Each server has its own.
    Task<std::vector<std::string>> shortcomings() override;
    Task<Result<FirstKey, std::string>> first_key(std::function<Secret()> make) override;
    void collect(api::Metrics& metrics) const override;
    Identities* identities() override { return tokens_ ? &*tokens_ : nullptr; }
    void begin(async::TaskGroup& tasks, async::TaskGroup& office) override;
    bool is_one_of_several() const override { return ledger_.shared != nullptr; }
    Task<void> settled() override;
    Task<void> elected() override;
    Task<std::string> deposed() override;
    std::string keeper_name() const override { return leads_ ? std::string() : elector_.holder(); }
    Task<void> resign() override;
    Task<Milliseconds> use_idle_time() override;

private:
    // What is read before anything is made of it.
    struct Opened {
        system::Household household;
        std::unique_ptr<system::SystemClock> clock;
        Keys keys;
        std::unique_ptr<ClusterAccess> access;
        ClusterLedger ledger;
        tls::Context trust;
    };
    Cluster(boost::asio::io_context& loop, const Config& config, Opened opened, const std::optional<StoreAccess>& store);

    kubernetes::ClusterRuntime::Knowledge knowledge();
    kubernetes::BackupPods::Knowledge backup_knowledge();
    Runtime::Answer<server::LaunchSpec> launch_of(ServerUid uid);
    Runtime::Answer<server::Image> image_of(ServerUid uid);
    Task<void> stand_for_election();
    std::optional<wake::Address> address_of(const server::Record& record);
    Task<void> speak_to_edges();
    bool may_change() const;

    const Config& config_;
    std::unique_ptr<system::SystemClock> clock_;
    system::SystemRandom random_;
    Keys keys_;
    std::unique_ptr<ClusterAccess> access_;
    system::Household household_;
    std::string name_;  // Another one for every process that ever runs.
    kubernetes::KubernetesServerStore store_;
    ClusterLedger ledger_;
    kubernetes::EventTeller events_;
    kubernetes::KubernetesDeclarations declarations_;
    kubernetes::GameResources declared_games_;
    kubernetes::PackageMaps declared_packages_;
    kubernetes::KubernetesPortMap port_map_;
    kubernetes::ClusterRuntime runtime_;
    std::optional<kubernetes::KubernetesFleetStore> fleets_;  // With ledger_.matches.
    kubernetes::MatchPods match_pods_;
    kubernetes::PodPorts match_ports_;
    kubernetes::ClusterNodes nodes_;
    kubernetes::PlayerCounts players_;
    process::PlainHost here_;  // For what needs no world.
    kubernetes::BackupPods bench_;
    restic::ResticVault vault_;
    net::shim::RemoteFiles files_;
    download::DownloadedGameFiles game_files_;
    std::optional<kubernetes::ReviewedTokens> tokens_;
    std::optional<edge_line::StreamEdgeLine> edge_line_;  // With edge.enabled.
    std::optional<BanMap> bans_;  // The same.
    kubernetes::Elector elector_;
    const app::GameBook* games_ = nullptr;
    bool leads_ = false;
    bool has_lost_ = false;
    bool has_resigned_ = false;
    async::WaitQueue office_;
};

}  // namespace gk::programs
