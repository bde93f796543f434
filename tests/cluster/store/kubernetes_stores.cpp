#include <memory>
#include <optional>
#include <vector>

#include "adapters/memory/ledger.hpp"
#include "adapters/memory/port_map.hpp"
#include "tests/cluster/store/cluster.hpp"
#include "tests/contract/stores.hpp"

// The suite of ServerStore against a real API server; the ledger and the ports are beside the point.
namespace gk::contract {
namespace {

class KubernetesStores final : public Stores {
public:
    KubernetesStores(boost::asio::io_context& io, const Clock& clock, const StoresOptions& options)
        : io_(io),
          cluster_(io),
          ledger_(io.get_executor(), state_, memory::MemoryLedger::Limits{.events_kept = options.events_kept}),
          ports_(state_, clock, memory::MemoryPortMap::Rules{.range = options.range, .foreign = options.foreign}) {
        cluster_.clear();
        store_.emplace(io_, cluster_);
    }
    ServerStore& servers() override { return store_->store; }
    Ledger& ledger() override { return ledger_; }
    PortMap& ports() override { return ports_; }
    void restart() override {
        store_.reset();
        store_.emplace(io_, cluster_);
    }
    bool has_slots() const override { return false; }

private:
    boost::asio::io_context& io_;
    kubernetes::Cluster cluster_;
    std::shared_ptr<memory::StoreState> state_ = std::make_shared<memory::StoreState>();
    memory::MemoryLedger ledger_;
    memory::MemoryPortMap ports_;
    std::optional<kubernetes::RunningStore> store_;
};

}  // namespace

std::vector<StoresMaker> all_stores() {
    return {{.name = "kubernetes", .make = [](boost::asio::io_context& io, const Clock& clock, const StoresOptions& options) {
                 return std::make_unique<KubernetesStores>(io, clock, options);
             }}};
}

}  // namespace gk::contract
