#pragma once

#include <functional>
#include <vector>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/store/server_index.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// Shows in status who plays, for `kubectl get gs`. Players come and go without the record: so this is written beside it, at most once for each
// round and server, and only when it differs.
class PlayerCounts {
public:
    // `leads` says whether this process is the one that does it: only that one hears from games.
    PlayerCounts(Client client, const ServerIndex& servers, Runtime& runtime, std::function<bool()> leads)
        : client_(std::move(client)),
          servers_(servers),
          runtime_(runtime),
          leads_(std::move(leads)) {}

    // Until the task is cancelled.
    Task<void> run();
    Task<void> round();

private:
    Task<void> show(ServerUid uid);

    Client client_;
    const ServerIndex& servers_;
    Runtime& runtime_;
    std::function<bool()> leads_;
};

}  // namespace gk::kubernetes
