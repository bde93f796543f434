#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/objects/service.hpp"
#include "domain/ports/book.hpp"
#include "ports/port_map.hpp"

namespace gk::kubernetes {

// Ports of a cluster. A reservation is the Service of the server (service.hpp): it is durable as soon as reserve() returns, and the API server, which
// gives no node port to two, decides between replicas of ours that choose at the same time. Numbers are chosen from the range by the same book as
// on one machine; one that somebody else in the cluster has is passed over for a while. That a number rests after its release is known to the
// processes that saw the release.
class KubernetesPortMap final : public PortMap {
public:
    struct Rules {
        PortRange range{.first = Port{30000}, .last = Port{32767}};  // Within the cluster's own --service-node-port-range.
        // Of games that are reached by a port of their node. A number has one game in the whole cluster, so that a world may move to every node.
        PortRange host_ports{.first = Port{7000}, .last = Port{7999}};
        PortRange edge_ports{.first = Port{26000}, .last = Port{26099}};  // Likewise of games behind edges: every edge opens all of them.
        Annotations of_balancers;
        std::string space;  // Only this namespace; empty: all.
    };
    KubernetesPortMap(Client client, Random& random, Rules rules);

    // Until the task is cancelled.
    Task<void> run() { return services_.run(); }
    Task<void> synced() { return services_.synced(); }
    Task<void> catch_up() { return services_.catch_up(); }

    // The Service of a server as it is known here. Null: none.
    ObjectPtr service_of(ServerUid uid) const;
    // Called when the cloud has given an address to a server's load balancer, or taken it; it must not wait.
    void on_address(std::function<void(ServerUid)> changed) { address_changed_ = std::move(changed); }

    Answer<std::vector<server::PortBinding>> reserve(PortOwner owner, std::vector<PortWish> wishes, std::vector<server::PortBinding> before) override;
    Answer<Success> release(ServerUid server) override;
    Answer<std::vector<Reservation>> list() override;

private:
    // A Service that is there, by our own answers or the informer's.
    struct Known {
        ObjectKey key;
        std::string object_uid;
        server::Exposure exposure;
        std::vector<server::PortBinding> ports;
    };
    struct Wish {
        PortOwner owner;
        server::Exposure exposure;
        std::vector<PortWish> ports;
        std::vector<server::PortBinding> before;
    };
    Result<Success, PortMapError> must_know() const;
    void saw(const wire::kubernetes::Store::Change& change);
    void note(const Value& service);
    void let_go(const Value& service);
    Result<std::vector<server::PortBinding>, PortShortage> choose(const Wish& wish, const std::optional<Known>& there, bool is_first) const;
    // True when it is made; false when a number is somebody else's, which is passed over from now on.
    Answer<bool> make(const Wish& wish, const std::vector<server::PortBinding>& chosen);
    // The same for a Service that is there.
    Answer<bool> change(const Wish& wish, Known there, const std::vector<server::PortBinding>& chosen);
    // True when another server has one of its numbers too, which is not its own any more in our book.
    Answer<bool> give_way(ServerUid uid);
    // The name is taken: by ourselves, earlier, or by another server.
    Answer<bool> adopt(const PortOwner& owner);

    Client client_;
    Rules rules_;
    std::function<void(ServerUid)> address_changed_ = [](ServerUid) {};
    PortBook book_;
    std::map<ServerUid, Known> known_;
    Informer services_;
};

}  // namespace gk::kubernetes
