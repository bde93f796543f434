#pragma once

#include <functional>
#include <map>
#include <string>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "adapters/kubernetes/store/events.hpp"
#include "ports/package_declaration.hpp"

namespace gk::kubernetes {

// On the ConfigMaps that declare packages: "true".
inline constexpr std::string_view packages_label = "gamekeeper.dev/packages";

// What people declare by a ConfigMap: each entry of its data is a file.
PackageDeclaration package_declaration_of(const Value& object);

// The labelled ConfigMaps of one namespace, the control plane's own: whoever may write there says what sizes there are. Each is told to `take`
// whenever its data is another, by every process that runs; what is wrong is told in an Event about it by the one that leads.
class PackageMaps {
public:
    struct Listener {
        std::function<std::string(const PackageDeclaration&)> take;  // Returns what is wrong; empty: nothing.
        std::function<void(const std::string& name)> drop;
    };
    struct Place {
        std::string space;
        std::function<bool()> leads;
    };
    PackageMaps(Client client, Random& random, EventTeller& events, Place place);

    // Before run(). It outlives what run() spawns.
    void tell(Listener listener) { listener_ = std::move(listener); }
    // Until the task is cancelled.
    Task<void> run() { return informer_.run(); }
    // Returns when all that there were have been told.
    Task<void> synced() { return informer_.synced(); }
    // This process leads from now on.
    void show_all();

private:
    void saw(const wire::kubernetes::Store::Change& change);
    void show(const ObjectPtr& object, const std::string& refused);

    EventTeller& events_;
    Place place_;
    Listener listener_;
    std::map<ObjectKey, std::string> refused_;  // Those that are wrong.
    Informer informer_;
};

}  // namespace gk::kubernetes
