#pragma once

#include <optional>
#include <string>

#include "adapters/kubernetes/client/informer.hpp"
#include "ports/ban_store.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

// Bans of a cluster: the ConfigMap `gamekeeper-bans` in the control plane's namespace, whose entry `bans.json` is what BanFile keeps. Every copy of
// the control plane watches it, so that the one that speaks to edges hears of a ban that another one was asked for. People may write it too.
class BanMap final : public BanStore {
public:
    // Reads by `client`. Writes by a connection of its own, for which `config` is kept.
    BanMap(kubernetes::Client client, Random& random, const Config::Cluster& config);

    // Until the task is cancelled.
    Task<void> run() { return map_.run(); }
    // Returns when load() knows what there is.
    Task<void> synced();

    // What the cluster has said last, or was said to it by save(). An error before synced().
    Result<std::vector<wake::Ban>, std::string> load() override;
    // On top of what load() says: an error when somebody else has written since. Holds up the whole process for a round trip, and for three seconds
    // when the cluster does not answer; then it is not known whether they are kept.
    Result<Success, std::string> save(const std::vector<wake::Ban>& bans) override;

private:
    kubernetes::ObjectPtr known();

    const Config::Cluster& config_;
    kubernetes::ObjectKey key_;
    kubernetes::Informer map_;
    bool is_synced_ = false;
    kubernetes::ObjectPtr written_;  // By ourselves; what counts until the watch has shown it.
};

}  // namespace gk::programs
