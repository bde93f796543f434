#pragma once

#include <functional>
#include <map>
#include <string>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/client/key_workers.hpp"
#include "adapters/kubernetes/store/events.hpp"
#include "ports/game_declaration.hpp"

namespace gk::kubernetes {

wire::kubernetes::Resource games();

// What people declare by a Game: its spec, under its name, and the last right one from its status.
GameDeclaration game_declaration_of(const Value& object);
// The object's status after a look at it: conditions Accepted and Available, and the definition that counts.
Value game_status_with(const Value& object, const GameVerdict& verdict, Time now);

// The Games of one namespace, the control plane's own: whoever may write there says what runs, and as what. Each is told to `take` whenever its
// definition is another one, by every process that runs; what it has come to is shown in the Game by the one that leads.
class GameResources {
public:
    struct Listener {
        std::function<GameVerdict(const GameDeclaration&)> take;
        std::function<void(const std::string& name)> drop;
    };
    struct Place {
        std::string space;
        std::function<bool()> leads;
    };
    GameResources(Client client, Random& random, EventTeller& events, Place place);

    // Before run(). It outlives what run() spawns.
    void tell(Listener listener) { listener_ = std::move(listener); }
    // Until the task is cancelled.
    Task<void> run();
    // Returns when all Games that there were have been told.
    Task<void> synced() { return informer_.synced(); }
    // This process leads from now on.
    void show_all();

private:
    void saw(const wire::kubernetes::Store::Change& change);
    Task<Turn> show(ObjectKey key);

    Client client_;
    EventTeller& events_;
    Place place_;
    Listener listener_;
    Informer informer_;
    KeyWorkers workers_;
    std::map<ObjectKey, GameVerdict> verdicts_;
};

}  // namespace gk::kubernetes
