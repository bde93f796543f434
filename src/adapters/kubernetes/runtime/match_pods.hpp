#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/kubernetes/client/key_workers.hpp"
#include "adapters/kubernetes/objects/match_pod.hpp"
#include "adapters/kubernetes/runtime/cluster_view.hpp"
#include "adapters/kubernetes/runtime/shim_links.hpp"
#include "async/watchers.hpp"
#include "base/secret.hpp"
#include "ports/runtime.hpp"

namespace gk::kubernetes {

// Runs match servers as bare pods in one namespace: one call makes one, one removes it, and what a pod's shim says is all that is known of it.
// Players come by ports of its node, or by its own address from inside the cluster's network, as its launch says. They have no disk, so nothing is
// lost with a pod: one whose node the cluster has given up counts as gone.
class MatchPods final : public Runtime {
public:
    struct Options {
        std::string space;
        std::string node_host;   // What players are told of ports of nodes; empty: the node's own address.
        PodRules pods;
        Secret master;           // From which the keys of the shims are derived.
        Milliseconds start{40'000};  // Until the pod runs.
        net::shim::Reach reach = net::shim::reach_closely;
    };
    // `nodes` is asked about nodes only. `owner_of` gives the reference to a fleet's object; null: there is none.
    MatchPods(boost::asio::any_io_executor loop, Client client, Random& random, ClusterView& nodes,
              std::function<Value(const std::string& fleet)> owner_of, Options options);

    // Follows the pods and keeps a link to every shim, until the task is cancelled.
    Task<void> run();
    Task<void> synced() { return pods_.synced(); }
    Task<void> catch_up() { return pods_.catch_up(); }
    // A node has changed its state, perhaps one with match servers.
    void node_changed(const std::string& node);

    Answer<Success> fence(Epoch epoch) override;
    Answer<Seen> observe(ServerUid uid) override;
    Answer<std::vector<ServerUid>> list() override;
    std::shared_ptr<void> watch(Changed changed) override { return watchers_.add(std::move(changed)); }

    // What the game writes goes with its pod: there is a disk as soon as it runs.
    Answer<Success> create_disk(ServerUid, DiskSpec, Epoch epoch) override { co_return links_.admit(epoch); }
    Answer<Success> free_disk(ServerUid, Epoch epoch) override { co_return links_.admit(epoch); }
    Answer<Success> stage_disk(ServerUid, DiskSpec, Epoch) override { return has_no_world(); }
    Answer<Success> commit_staged(ServerUid, Epoch) override { return has_no_world(); }
    Answer<Success> discard_staged(ServerUid, Epoch) override { return has_no_world(); }
    Answer<Success> quiesce(ServerUid, Epoch) override { return has_no_world(); }
    Answer<Success> resume(ServerUid, Epoch) override { return has_no_world(); }

    Answer<Success> launch(server::LaunchSpec spec, Epoch epoch) override;
    Answer<std::string> host_of(ServerUid uid) override;
    Answer<Success> stop(ServerUid uid, Epoch epoch) override;
    Answer<Success> kill(ServerUid uid, Epoch epoch) override;
    Answer<Success> clean(ServerUid uid, Epoch epoch) override;
    Answer<Success> forget(ServerUid uid, Epoch epoch) override;

    Answer<std::string> command(ServerUid uid, std::string line, Epoch epoch) override { return links_.command(uid, std::move(line), epoch); }
    // Labels of its pod.
    Answer<Success> label(ServerUid uid, std::map<std::string, std::string> labels, Epoch epoch) override;
    Answer<Success> tell(ServerUid uid, std::string line, Epoch epoch) override { return links_.tell(uid, std::move(line), epoch); }
    Answer<std::vector<LogLine>> logs(ServerUid uid, std::uint64_t cursor, std::size_t lines_max) override;
    Answer<std::uint64_t> log_cursor_from_end(ServerUid uid, std::size_t lines) override { return links_.log_cursor_from_end(uid, lines); }
    Result<std::shared_ptr<void>, RuntimeError> watch_log(ServerUid uid, std::function<void()> grown) override;
    Answer<server::Usage> usage(ServerUid uid) override { return links_.usage(uid); }
    Answer<std::string> health() override;

private:
    static Answer<Success> has_no_world();
    void saw(const wire::kubernetes::Store::Change& change);
    void note(ServerUid uid);
    ObjectPtr find(ServerUid uid) const;
    Result<std::optional<PodView>, RuntimeError> view_of(ServerUid uid) const;
    Answer<noise::Key> shim_key_of(ServerUid uid);
    Task<Turn> keep_link(ObjectKey pod);

    Answer<Success> keep_keys(std::uint32_t slot);
    Answer<Success> make(const server::LaunchSpec& launch);
    Answer<Success> runs(ServerUid uid, Time deadline);
    Answer<Success> remove(ServerUid uid, std::optional<std::chrono::seconds> grace);
    Seen of_pod(ServerUid uid, const PodView& pod) const;

    Clock& clock_;
    Client client_;
    ClusterView& nodes_;
    std::function<Value(const std::string&)> owner_of_;
    Options options_;
    async::Watchers<ServerUid> watchers_;
    async::WaitQueue changed_;
    std::map<ServerUid, ObjectKey> places_;  // Of the pods that are there, and of those that are being made.
    std::set<ServerUid> launching_;
    std::set<std::string> kept_keys_;        // Names of Secrets that this process has written.
    std::map<std::string, bool> removed_;    // Uids of pods that are there although we have removed them; true: and asked nobody's leave.
    ShimLinks links_;
    KeyWorkers linking_;
    Informer pods_;
};

}  // namespace gk::kubernetes
