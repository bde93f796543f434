#pragma once

#include <functional>
#include <optional>
#include <string>

#include "adapters/kubernetes/objects/backup_pod.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "net/shim/program.hpp"
#include "ports/workbench.hpp"

namespace gk::kubernetes {

// Runs programs beside a world in a pod of their own; those that need no world run on the workbench that is here. Command, secrets and output go
// over the shim's sealed connection: nothing of them is stored in the cluster. A run ends with the connection, and so with the control plane that
// wants it: nobody else could make anything of it. The pod is removed afterwards; one that was left is removed before the next, unless a newer keeper
// has made it (R13).
class BackupPods final : public Workbench {
public:
    struct Options {
        BackupRules backups;
        PodRules games;
        Milliseconds start{std::chrono::minutes(5)};  // Until the pod runs and its shim answers: an image may have to be pulled.
    };
    struct Knowledge {
        std::function<std::optional<ObjectKey>(ServerUid)> place;
        // The uid of its GameServer in the cluster; empty: it has none.
        std::function<std::string(ServerUid)> object;
        std::function<Answer<noise::Key>(ObjectKey)> key;
        // What its game runs as; of a game that is not known any more: what games usually do.
        std::function<Answer<server::Image>(ServerUid)> game;
    };
    // `here` and `view` outlive this object.
    BackupPods(Client client, ClusterView& view, Workbench& here, Knowledge knowledge, Options options)
        : client_(std::move(client)),
          view_(view),
          here_(here),
          knowledge_(std::move(knowledge)),
          options_(std::move(options)) {}

    Answer<Ended> run(Job job) override;
    // Nothing is to be done: games and programs beside them have the same uid.
    Answer<Success> own_world(ServerUid uid, WorldDisk which, std::uint32_t slot) override;

private:
    Answer<BackupPod> wanted(const Job& job) const;
    // Returns when no pod of that name is there: what ran in it has ended.
    Answer<Success> remove_left(ObjectKey pod, Epoch epoch);
    Answer<Success> leave(ObjectKey pod, std::string object_uid, Time deadline);
    Answer<Success> remove(ObjectKey pod, std::string object_uid);
    Answer<net::shim::RemoteShim> started(ObjectKey pod, std::string object_uid, noise::Key key, Time deadline);
    bool shows(const ObjectKey& pod, const std::string& object_uid) const;
    Answer<Ended> run_in(ObjectKey pod, std::string object_uid, noise::Key key, Job job, Time start_by);

    Client client_;
    ClusterView& view_;
    Workbench& here_;
    Knowledge knowledge_;
    Options options_;
};

}  // namespace gk::kubernetes
