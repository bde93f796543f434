#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/objects/fleet_object.hpp"
#include "async/watchers.hpp"
#include "ports/fleet_store.hpp"

namespace gk::kubernetes {

// Fleets are objects of kind Fleet in one namespace, whoever has written them: `kubectl apply` is as good as PUT /v1/fleets. Their servers are rows
// of the store below, which changes with every match.
class KubernetesFleetStore final : public FleetStore {
public:
    // What the process knows that makes the matches.
    struct Knowledge {
        std::function<std::vector<FieldError>(const fleet::Fleet&)> wrong;
        std::function<std::optional<FleetCounts>(const std::string& fleet)> counts;  // Nothing: another process makes them.
    };
    KubernetesFleetStore(boost::asio::any_io_executor loop, Client client, Random& random, std::string space, FleetStore& rows);

    // Before run(). What is told outlives what run() is part of.
    void know(Knowledge knowledge) { knowledge_ = std::move(knowledge); }
    // Follows the objects, and writes their status where the matches are made, until the task is cancelled.
    Task<void> run();
    Task<void> synced() { return informer_.synced(); }
    // For the servers of that fleet; null: there is no such object.
    Value owner_of(const std::string& fleet) const;

    Answer<Success> put(fleet::Fleet fleet) override;
    // Servers in matches stay until their matches are over; `kubectl delete` takes them away too.
    Answer<Success> remove_fleet(std::string name) override;
    Answer<std::vector<fleet::Fleet>> fleets() override;

    Answer<Success> put(FleetServer server, Epoch by) override { return rows_.put(std::move(server), by); }
    Answer<Success> remove(ServerUid server, Epoch by) override { return rows_.remove(server, by); }
    Answer<std::vector<FleetServer>> servers() override { return rows_.servers(); }

    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }

private:
    void saw(const wire::kubernetes::Store::Change& change);
    Task<void> show_again_and_again();
    Task<void> show(ObjectKey key);
    ObjectKey key_for(std::string name) const { return {.space = space_, .name = std::move(name)}; }

    Client client_;
    std::string space_;
    FleetStore& rows_;
    Knowledge knowledge_;
    async::Watchers<> watchers_;
    std::map<ObjectKey, FleetVerdict> verdicts_;
    Informer informer_;
};

}  // namespace gk::kubernetes
