#pragma once

#include <cstdint>
#include <string>

#include "adapters/kubernetes/client/client.hpp"
#include "async/mailbox.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "wire/kubernetes/reports.hpp"

namespace gk::kubernetes {

// Tells the story of servers in Events, which people read in `kubectl describe gs`. Telling waits for nothing: the API server gets the Events from
// run(), one after the other, and one that it does not take is dropped. Nothing depends on them.
class EventTeller {
public:
    // `instance` is the name of this process: its pod.
    EventTeller(Client client, Random& random, std::string instance) : client_(std::move(client)), random_(random), instance_(std::move(instance)) {}

    void tell(ObjectPtr about, wire::kubernetes::Report report);
    // What is worth telling of a record's change: a new state, with its phase, and each reason. The phases on the way are told by the operation, and
    // that a declaration was taken in by its condition.
    void tell_change(const Value& before, ObjectPtr after);
    // Until the task is cancelled.
    Task<void> run();

private:
    // Behind an API server that is away, the newest matter most.
    static constexpr std::size_t waiting_max = 1000;
    struct Telling {
        ObjectPtr about;
        wire::kubernetes::Report report;
        Time at;
    };

    Client client_;
    Random& random_;
    std::string instance_;
    async::Mailbox<Telling> waiting_{waiting_max, async::WhenFull::drop_oldest};
};

}  // namespace gk::kubernetes
