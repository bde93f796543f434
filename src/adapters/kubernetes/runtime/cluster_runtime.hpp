#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include "adapters/kubernetes/client/key_workers.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "adapters/kubernetes/runtime/shim_links.hpp"
#include "adapters/kubernetes/runtime/world_pods.hpp"
#include "async/watchers.hpp"
#include "net/shim/remote.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// Runs games in a cluster (docs/adr/0014): claims are the disks, and in the pod beside one an idle shim waits for orders, over a sealed connection.
// Like ShimRuntime it has no truth of its own: what it knows can be had again from the API server and the shims.
class ClusterRuntime final : public Runtime {
public:
    struct Options {
        std::string space;          // Only this namespace; empty: all.
        std::string storage_class;  // Of claims; empty: the cluster's default.
        std::string node_host;      // What players are told of ports that nodes open; empty: the node's own address.
        std::string edge_host;      // The same of ports that edges open; empty: as of those that nodes open.
        PodRules pods;
        WorldPods::Limits limits;
        net::shim::Reach reach = net::shim::reach;  // Of a pod's shim.
        Milliseconds idle{60'000};  // A pod that was started for files, and has had nothing to do for so long, is stopped.
    };
    // What it must be told of a server.
    struct Knowledge {
        // Its space and id. None: nobody has that uid.
        std::function<std::optional<ObjectKey>(ServerUid)> place;
        // How its game would be started now: what its pod must look like.
        std::function<Answer<server::LaunchSpec>(ServerUid)> launch;
        // The key of its shim.
        std::function<Answer<noise::Key>(ObjectKey)> key;
        // Its Service, by which players reach it. Null: none is known.
        std::function<ObjectPtr(ServerUid)> service = [](ServerUid) { return ObjectPtr(); };
    };
    ClusterRuntime(boost::asio::any_io_executor loop, Client client, Random& random, Knowledge knowledge, Options options);
    ~ClusterRuntime() override = default;
    ClusterRuntime(const ClusterRuntime&) = delete;
    ClusterRuntime& operator=(const ClusterRuntime&) = delete;

    // Follows the cluster and keeps a link to every shim, until the task is cancelled. Until synced(), everything is `unavailable`.
    Task<void> run();
    // Stops pods that only served files or logs and that nobody has asked for some time, until it is cancelled. For the process that keeps: one that
    // has resigned knows nothing of what another one does with them.
    Task<void> stop_idle_pods();
    Task<void> synced() { return view_.synced(); }
    Task<void> catch_up() { return view_.catch_up(); }

    Answer<Success> fence(Epoch epoch) override;
    Answer<Seen> observe(ServerUid uid) override;
    Answer<std::vector<ServerUid>> list() override;
    std::shared_ptr<void> watch(Changed changed) override;
    // What is told by `service` has changed.
    void service_changed(ServerUid uid) { watchers_.notify(uid); }

    Answer<Success> create_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override;
    Answer<Success> free_disk(ServerUid uid, Epoch epoch) override;
    Answer<Success> stage_disk(ServerUid uid, DiskSpec spec, Epoch epoch) override;
    Answer<Success> commit_staged(ServerUid uid, Epoch epoch) override;
    Answer<Success> discard_staged(ServerUid uid, Epoch epoch) override;

    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<std::string> host_of(ServerUid uid) override;
    Answer<Success> stop(ServerUid uid, Epoch epoch) override;
    Answer<Success> kill(ServerUid uid, Epoch epoch) override;
    Answer<Success> clean(ServerUid uid, Epoch epoch) override;
    Answer<Success> forget(ServerUid uid, Epoch epoch) override;

    Answer<Success> quiesce(ServerUid uid, Epoch epoch) override;
    Answer<Success> resume(ServerUid uid, Epoch epoch) override;
    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override;
    Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch) override { return links_.tell(uid, std::move(line), epoch); }

    // log_cursor_from_end() starts a pod when there is none; logs() does not: `not_found`.
    Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) override;
    Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines) override;
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid uid, std::function<void()> grown) override;
    Answer<server::Usage> usage(ServerUid uid) override { return links_.usage(uid); }
    Answer<std::string> health() override;

    // For net::shim::RemoteFiles: where the world's files are served. Starts the pod when there is none.
    Files::Answer<net::shim::RemoteFiles::Place> files_of(ServerUid uid);

    ClusterView& view() { return view_; }

private:
    ShimLinks::Knowledge shims();
    Result<std::optional<PodView>, RuntimeError> pod_of(ServerUid uid) const;
    Answer<noise::Key> shim_key_of(ServerUid uid);
    // Where the server's objects are, by the records or by their own labels.
    Result<ObjectKey, RuntimeError> place(ServerUid uid) const;
    // The same, once the copies show what we wrote ourselves.
    Answer<ObjectKey> settled(ServerUid uid);
    Answer<Seen> observe_run(ServerUid uid, const ObjectKey& server);
    void note(ServerUid uid);
    bool is_idle(ServerUid uid, const PodView& pod) const;
    Task<Turn> keep_link(ObjectKey server);
    Answer<Success> stop_when_idle(ServerUid uid);
    Result<std::string, RuntimeError> host_of_node(ServerUid uid, const ObjectKey& server) const;
    Answer<Success> bring_game(ServerUid uid, std::vector<server::ReadOnlyMount> folders);
    // The pod that is there, or one that is started to serve what lies on the disk.
    Answer<PodView> open_pod(ServerUid uid);
    Answer<PodView> bring_up(server::LaunchSpec spec, ObjectKey server, Epoch epoch);
    Task<void> prove_deaths(ServerUid uid, const ObjectKey& server);
    void look_at_disks(ServerUid uid, const ObjectKey& server, Seen& seen) const;
    // What a game that could be played has no address for: it waits for the cloud, and is seen when that is over.
    std::optional<Problem> missing_address(ServerUid uid) const;
    // The live claim; none when it lies on a node that is dead.
    std::optional<Claim> usable_claim(const std::vector<Claim>& claims) const;
    static Result<Success, RuntimeError> is_down(const Seen& seen);
    Answer<Success> must_not_run(ServerUid uid, const ObjectKey& server);
    // Stops the pod, if only an idle one is there, and makes sure that none is left.
    Answer<ObjectKey> at_rest(ServerUid uid, Epoch epoch);
    Answer<Success> make_claim(NewClaim wish);
    // Returns when they are gone, or leaving.
    Answer<Success> remove_claims(const ObjectKey& server, std::vector<Claim> which);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Client client_;
    Knowledge knowledge_;
    Options options_;
    async::Watchers<ServerUid> watchers_;
    ShimLinks links_;
    std::map<ServerUid, Time> used_;  // When files or logs were last asked for.
    std::set<ServerUid> launching_;
    boost::asio::thread_pool disk_{1};  // Where game files are read beside the loop.
    KeyWorkers linking_;
    ClusterView view_;
    WorldPods pods_;
};

}  // namespace gk::kubernetes
