#pragma once

#include <set>
#include <string>

#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "async/wait_queue.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// One disruption budget for each namespace with worlds: no drain takes one away unasked (docs/adr/0021). One for each world would be one more write
// for each start. It comes before the first pod and goes with the last world's claim.
class SpaceBudgets {
public:
    // `view` outlives this object.
    SpaceBudgets(Client client, ClusterView& view) : client_(std::move(client)), view_(view) {}

    // Returns when there is one in the namespace of a world that has a claim.
    Runtime::Answer<Success> keep(std::string space);
    // This world is gone, or about to go.
    Runtime::Answer<Success> let_go(ServerUid uid, std::string space);

private:
    Runtime::Answer<Success> make(std::string space);
    bool has_others(ServerUid uid, const std::string& space) const;

    Client client_;
    ClusterView& view_;
    std::set<std::string> kept_;    // Where this process knows of one.
    std::set<std::string> making_;  // Where a call is on its way: of many worlds that start together one makes it.
    async::WaitQueue made_;
};

}  // namespace gk::kubernetes
