#pragma once

#include <string>

#include "adapters/kubernetes/objects/pod.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "adapters/kubernetes/runtime/space_budgets.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// Starts and stops the pods of games: one StatefulSet of none or one for each server, which only this class changes. What runs in a pod is not its
// business.
class WorldPods {
public:
    template <class T>
    using Answer = Runtime::Answer<T>;
    struct Limits {
        Milliseconds start{25'000};  // After that a start is reported as not done yet, with the reason; the pod goes on coming.
        Milliseconds stop{25'000};
    };
    WorldPods(Client client, ClusterView& view, PodRules rules, Limits limits)
        : client_(std::move(client)),
          view_(view),
          rules_(std::move(rules)),
          limits_(limits),
          budgets_(client_, view) {}

    struct Start {
        server::LaunchSpec launch;
        ObjectKey server;
        Epoch epoch{};
        bool may_replace = false;  // Nothing runs in the pod that is there: one that looks otherwise than wanted may go.
    };
    // Returns when the pod runs, as the launch wants it. `not_found`: there is no disk for it.
    Answer<PodView> start(Start order);
    // Returns when the pod is gone; what ran in it was asked to stop.
    Answer<Success> stop(ServerUid uid, ObjectKey server, Epoch epoch);
    // Ends it at once, as far as its node is there to do so.
    Answer<Success> kill(ServerUid uid, ObjectKey server);
    // Asks the API server itself, not the copy: no pod is there, and none will come. Before anything is destroyed.
    Answer<Success> prove_stopped(ServerUid uid, ObjectKey server);
    // Removes the StatefulSet and what belongs to it.
    Answer<Success> forget(ServerUid uid, ObjectKey server);

    const PodRules& rules() const { return rules_; }

private:
    Answer<Success> want(const Start& order, const std::string& claim, const std::string& mark, Time deadline);
    Answer<Success> moved_on(ServerUid uid, const ObjectKey& server, ObjectPtr seen, Failure failure, Time deadline);
    Answer<Success> want_none(ServerUid uid, const ObjectKey& server, Epoch epoch, Time deadline);
    Answer<Success> remove_pod(const ObjectKey& server, const PodView& pod, std::chrono::seconds grace);
    // One look: the pod when it is as wanted and runs; else what had to be done was done.
    Answer<std::optional<PodView>> look(const Start& order, const std::string& mark);
    // The StatefulSet's controller would try for ever, and tell only its events.
    Answer<Success> may_be_made(const Start& order, const std::string& claim);
    RuntimeError not_yet(ServerUid uid, const ObjectKey& server) const;

    Client client_;
    ClusterView& view_;
    PodRules rules_;
    Limits limits_;
    SpaceBudgets budgets_;
};

// What a failed call means for a runtime's caller.
RuntimeError error_of(const Failure& failure);

}  // namespace gk::kubernetes
