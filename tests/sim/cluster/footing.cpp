#include <array>

#include "adapters/kubernetes/client/elector.hpp"
#include "adapters/kubernetes/runtime/cluster_runtime.hpp"
#include "adapters/kubernetes/store/declarations.hpp"
#include "adapters/kubernetes/store/events.hpp"
#include "adapters/kubernetes/store/player_counts.hpp"
#include "adapters/kubernetes/store/port_map.hpp"
#include "adapters/kubernetes/store/server_store.hpp"
#include "adapters/kubernetes/store/shim_key.hpp"
#include "tests/sim/cluster/cluster.hpp"
#include "tests/sim/cluster/shim_end.hpp"
#include "tests/sim/ports.hpp"

// One life of the control plane in a cluster: put together as src/programs/serve/cluster.cpp does it.
namespace gk::sim {
namespace {

using namespace std::chrono_literals;

// Less than is usual, so that it is felt.
kubernetes::ApiServer::Options api_options(ClusterPlant plant) {
    kubernetes::ApiServer::Options options;
    options.budget = {.per_second = 5, .burst = 20};
    if (plant == ClusterPlant::no_budget) options.budget = {.per_second = 100'000, .burst = 100'000};
    return options;
}
// So few numbers that they are soon given away again.
kubernetes::KubernetesPortMap::Rules port_rules() {
    kubernetes::KubernetesPortMap::Rules rules;
    rules.range = {.first = Port{30000}, .last = Port{30005}};
    return rules;
}

// Of both lanes.
constexpr work::Budget::Limits calls_at_most{.per_second = 7, .burst = 31};

wire::kubernetes::Target somewhere() {
    wire::kubernetes::Target target;
    target.cluster.server = "http://192.0.2.1:6443";
    return target;
}

// Files of a world: the pod is brought up by the real code, and what its shim would do is done on the ground.
class PodFiles final : public Files {
public:
    PodFiles(kubernetes::ClusterRuntime& runtime, Nodes& nodes, Files& inner) : runtime_(runtime), nodes_(nodes), inner_(inner) {}
    Answer<std::vector<FileInfo>> list(ServerUid server, std::string path) override { return inner_.list(server, std::move(path)); }
    Answer<std::vector<std::byte>> read(ServerUid server, std::string path, std::size_t size_max) override {
        CO_TRY_OK(co_await reach(server));
        co_return co_await inner_.read(server, std::move(path), size_max);
    }
    Answer<Success> write(ServerUid server, std::string path, std::vector<std::byte> content) override {
        CO_TRY_OK(co_await reach(server));
        co_return co_await inner_.write(server, std::move(path), std::move(content));
    }
    Answer<Success> remove(ServerUid server, std::string path, bool recursive) override { return inner_.remove(server, std::move(path), recursive); }

private:
    Answer<Success> reach(ServerUid server) {
        CO_TRY(place, co_await runtime_.files_of(server));
        if (!nodes_.has_pod_for_files(place.shim.address, place.epoch))
            co_return std::unexpected(FilesError{FilesError::Kind::unavailable, "the shim that serves the files of this world hung up"});
        co_return Success{};
    }

    kubernetes::ClusterRuntime& runtime_;
    Nodes& nodes_;
    Files& inner_;
};

class ClusterFooting final : public Footing {
public:
    ClusterFooting(SimCluster& cluster, Ground& ground, boost::asio::any_io_executor loop, Clock& clock, std::uint64_t seed, std::uint64_t life)
        : cluster_(cluster),
          life_(life),
          passage_(ground, clock, life),
          random_(seed * 1000 + life),
          keeper_random_(seed * 1000 + life, ground.plant),
          credentials_(kubernetes::Credentials::make(clock, somewhere(), nullptr).value()),
          server_([this, &clock](std::optional<tls::Context>) { return dial(clock); }, clock, *credentials_, api_options(cluster.api().plant)),
          client_(server_, "gamekeeper"),
          store_(loop, client_, random_),
          memory_ledger_(loop, ground.state),
          ledger_(ground, passage_, memory_ledger_, SimLedger::Beside::elsewhere),
          events_(client_, random_, fmt::format("life-{}", life)),
          declarations_(store_, events_, clock),
          port_map_(client_, random_, port_rules()),
          runtime_(loop, client_, random_, knowledge(), runtime_options()),
          players_(client_, store_.index(), runtime_, [this] { return leads_ && !has_lost_; }),
          vault_(ground, passage_),
          ground_files_(ground, passage_),
          files_(runtime_, cluster.nodes(), ground_files_),
          notifier_(passage_),
          elector_(client_, random_, {.space = "gamekeeper", .name = "gamekeeper"}, {.me = fmt::format("life-{}", life)}, [this] {
              leads_ = true;
              office_.wake_all();
          }) {
        if (cluster.api().plant != ClusterPlant::lease_means_nothing) server_.allow_changes_while([this] { return !leads_ || elector_.leads(); });
        store_.on_written([this](const Value& before, kubernetes::ObjectPtr after) { events_.tell_change(before, std::move(after)); });
        // One that stands still does nothing, whatever it believes by its clock.
        cluster_.leads(life_, [this, &ground, &clock] { return clock.now() == ground.now && elector_.leads(); });
    }
    ~ClusterFooting() override { cluster_.leads_no_more(life_); }

    Ports ports() override { return {store_, ledger_, runtime_, vault_, files_, port_map_, port_map_, notifier_, keeper_random_, random_, book_}; }
    bool is_dying() const override { return passage_.is_dying(); }
    Declarations* declarations() override { return &declarations_; }

    void begin(async::TaskGroup& tasks) override {
        tasks.spawn("GameServers", store_.run());
        tasks.spawn("events", events_.run());
        tasks.spawn("Services", port_map_.run());
        tasks.spawn("pods", runtime_.run());
        tasks.spawn("idle pods", runtime_.stop_idle_pods());
        tasks.spawn("players", players_.run());
        tasks.spawn("news of the lease", elector_.listen());
        tasks.spawn("lease", stand_for_election());
    }
    Task<void> elected() override {
        co_await store_.synced();
        co_await port_map_.synced();
        co_await runtime_.synced();
        while (!leads_) co_await office_.wait();
        co_await store_.catch_up();
        co_await port_map_.catch_up();
        co_await runtime_.catch_up();
    }
    Task<void> deposed() override {
        while (!has_lost_) co_await office_.wait();
    }

private:
    std::unique_ptr<kubernetes::Line> dial(Clock& clock) {
        return std::make_unique<SimLine>(cluster_.roads(), SimLine::Caller{passage_, clock, meter_, life_});
    }
    kubernetes::ClusterRuntime::Options runtime_options() {
        kubernetes::ClusterRuntime::Options options;
        options.reach = [this](Clock& clock, net::shim::RemoteShim shim) { return reach_pod(cluster_.nodes(), clock, std::move(shim.address)); };
        return options;
    }
    kubernetes::ClusterRuntime::Knowledge knowledge() {
        return {.place = [this](ServerUid uid) { return store_.index().key_of(uid); },
                .launch = [this](ServerUid uid) { return launch_of(uid); },
                .key = [this](kubernetes::ObjectKey server) { return kubernetes::shim_key(store_.secrets(), std::move(server)); }};
    }
    Runtime::Answer<server::LaunchSpec> launch_of(ServerUid uid) {
        auto record = co_await store_.get(uid);
        if (!record) co_return std::unexpected(RuntimeError{RuntimeError::Kind::unavailable, record.error().detail});
        auto spec = book_.launch_spec(*record);
        if (!spec) co_return std::unexpected(RuntimeError{RuntimeError::Kind::invalid, spec.error().message});
        co_return std::move(*spec);
    }
    Task<void> stand_for_election() {
        co_await elector_.run();
        has_lost_ = true;
        office_.wake_all();
    }

    SimCluster& cluster_;
    std::uint64_t life_;
    Passage passage_;
    Meter meter_{calls_at_most};
    memory::SeededRandom random_;
    SimRandom keeper_random_;
    ToyBook book_;
    std::unique_ptr<kubernetes::Credentials> credentials_;
    kubernetes::ApiServer server_;
    kubernetes::Client client_;
    kubernetes::KubernetesServerStore store_;
    memory::MemoryLedger memory_ledger_;
    SimLedger ledger_;
    kubernetes::EventTeller events_;
    kubernetes::KubernetesDeclarations declarations_;
    kubernetes::KubernetesPortMap port_map_;
    kubernetes::ClusterRuntime runtime_;
    kubernetes::PlayerCounts players_;
    SimVault vault_;
    SimFiles ground_files_;
    PodFiles files_;
    SimNotifier notifier_;
    kubernetes::Elector elector_;
    bool leads_ = false;
    bool has_lost_ = false;
    async::WaitQueue office_;
};

}  // namespace

std::unique_ptr<Footing> SimCluster::footing(boost::asio::io_context& io, Clock& clock, std::uint64_t seed, std::uint64_t life) {
    return std::make_unique<ClusterFooting>(*this, ground_, io.get_executor(), clock, seed, life);
}

}  // namespace gk::sim
