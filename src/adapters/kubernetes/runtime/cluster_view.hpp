#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/objects/claims.hpp"
#include "adapters/kubernetes/objects/pod_view.hpp"
#include "async/wait_queue.hpp"

namespace gk::kubernetes {

namespace resources {
inline const Resource pods{.group = "", .version = "v1", .plural = "pods"};
inline const Resource claims{.group = "", .version = "v1", .plural = "persistentvolumeclaims"};
inline const Resource stateful_sets{.group = "apps", .version = "v1", .plural = "statefulsets"};
inline const Resource disruption_budgets{.group = "policy", .version = "v1", .plural = "poddisruptionbudgets"};
inline const Resource nodes{.group = "", .version = "v1", .plural = "nodes", .has_spaces = false};
inline const Resource volumes{.group = "", .version = "v1", .plural = "persistentvolumes", .has_spaces = false};
}  // namespace resources

// What is known of the worlds in the cluster: copies of their pods (of games, and of backups beside them), StatefulSets and claims, and of all nodes
// and volumes. It knows nothing that an API server would not say again to another process.
class ClusterView {
public:
    using Changed = std::function<void(ServerUid)>;
    // `space`: only this namespace; empty: all. `changed` is called for what concerns a server, after the copy has it; it must not wait.
    ClusterView(Client client, Random& random, const std::string& space, Changed changed);

    // Called when a node falls silent, dies, is to be emptied, or is there again; it must not wait.
    void on_node(std::function<void(const std::string& node)> changed) { node_changed_ = std::move(changed); }

    // Until the task is cancelled.
    Task<void> run();
    bool has_synced() const;
    Task<void> synced();
    // What others have written until now is known then.
    Task<void> catch_up();
    // Returns after the next change of anything, or at the deadline.
    Task<void> change_by(Time deadline);

    // Where the objects of a server lie, by their own labels.
    std::optional<ObjectKey> place_of(ServerUid uid) const;
    // Everybody who has a claim or a StatefulSet.
    std::vector<ServerUid> servers() const;

    // Whose pod is there under that name.
    std::optional<ServerUid> server_at(const ObjectKey& server) const;
    // The pod of that server's game. None also when the pod belongs to another server of that name.
    std::optional<PodView> pod(ServerUid uid, const ObjectKey& server) const;
    // Any pod of ours, such as that of a backup. Null: the copy shows none of that name.
    ObjectPtr any_pod(const ObjectKey& pod) const { return pods_.store().find(pod); }
    // Whose game's pod is on which node, and whose disk can be used on that one alone.
    std::map<std::string, std::set<ServerUid>> servers_by_node() const;
    // Where people reach that node: its external address, else its internal one; empty: it tells none.
    std::string address_of(const std::string& node) const;
    // Dead only when the API server itself has said so, to prove_death(): a copy may be late, of a new node as of one that has come back.
    NodeState state_of(const std::string& node) const;
    // Asks the API server about a node that the copy takes for dead; does nothing for all others.
    Task<void> prove_death(std::string node);
    bool is_cordoned(const std::string& node) const;
    // The only node that can use that volume; empty: there is none such, or nothing is known of the volume.
    std::string node_of(const std::string& volume) const;
    // A silent node on which the server's pod was when somebody took the pod's object away by force: what runs there runs on. Empty: none.
    std::string left_behind_on(ServerUid uid) const;
    ObjectPtr stateful_set(ServerUid uid, const ObjectKey& server) const;
    std::vector<Claim> claims(ServerUid uid, const ObjectKey& server) const { return claims_of(claims_.store(), uid, server); }
    // The copies show what we ourselves have written (R11).
    bool is_fresh(ServerUid uid, const ObjectKey& server);

    Informer& pods() { return pods_; }
    Informer& stateful_sets() { return sets_; }
    Informer& claims() { return claims_; }
    Informer& nodes() { return nodes_; }

private:
    void saw(const wire::kubernetes::Store::Change& change);
    void saw_pod(const wire::kubernetes::Store::Change& change);
    void saw_node(const wire::kubernetes::Store::Change& change);
    void saw_volume(const wire::kubernetes::Store::Change& change);

    Clock& clock_;
    Client client_;
    Changed changed_;
    std::function<void(const std::string&)> node_changed_ = [](const std::string&) {};
    async::WaitQueue waiting_;
    std::map<ServerUid, ObjectKey> places_;
    std::set<std::string> proven_dead_;
    std::map<ServerUid, std::string> left_behind_;
    Informer pods_;
    Informer sets_;
    Informer claims_;
    Informer nodes_;
    Informer volumes_;
};

// The server of an object of ours.
std::optional<ServerUid> server_of(const Value& object);

}  // namespace gk::kubernetes
