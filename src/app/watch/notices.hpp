#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/signal.hpp"
#include "domain/watch/incident.hpp"
#include "ports/carrier.hpp"
#include "ports/clock.hpp"
#include "ports/incident_store.hpp"
#include "ports/ledger.hpp"
#include "ports/notifier.hpp"
#include "ports/random.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Tells people what goes wrong: once for each incident and address, however often it is noticed, and whoever keeps (domain/watch/incident.hpp).
// What is open and who has been told is stored before the first letter goes out and after each: who takes over goes on with it. A letter whose
// answer was lost in a crash goes out twice, under the same id.
class Notices final : public Notifier {
public:
    struct Ports {
        ServerStore& store;
        Ledger& ledger;
        IncidentStore& incidents;
        Clock& clock;
        Random& random;
        std::function<Epoch()> epoch;  // Under which this process writes.
    };
    // Without a carrier for its channel an address is told nothing.
    using Carriers = std::map<watch::Channel, Carrier*>;
    Notices(Ports ports, Carriers carriers, std::vector<watch::Address> addresses, Milliseconds interval)
        : ports_(std::move(ports)),
          carriers_(std::move(carriers)),
          addresses_(std::move(addresses)),
          interval_(interval) {}

    Task<void> notify(Notice notice) override;
    Task<void> is_over(std::string kind, ServerUid server) override;
    // Something that is no incident: one letter to each of the same people, and nothing when it is over. Each call is another one.
    Task<void> news(Notice notice);

    // Delivers what is due and notices what is over, until the task is cancelled.
    Task<void> run();
    // One of its rounds: everything that is due now is tried once.
    Task<void> round();

private:
    // What is told of a server, and to whom: those of the installation, and the server's own.
    struct About {
        watch::Incident incident;
        std::vector<watch::Address> people;
    };
    Task<About> about_server(Notice notice);
    Task<bool> load();
    Task<void> save();
    Task<void> end_what_is_over();
    Task<void> deliver_next();
    Task<void> announce(watch::Incident incident);

    Ports ports_;
    Carriers carriers_;
    std::vector<watch::Address> addresses_;
    Milliseconds interval_;
    watch::DeliveryLimits limits_;
    watch::Incidents incidents_;
    bool is_loaded_ = false;
    bool is_saving_ = false;
    bool is_unsaved_ = false;
    async::Signal news_;
};

}  // namespace gk::app
