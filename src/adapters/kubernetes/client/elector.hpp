#pragma once

#include <cstdint>
#include <functional>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/complaint.hpp"
#include "adapters/kubernetes/client/informer.hpp"
#include "async/signal.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "wire/kubernetes/election.hpp"

namespace gk::kubernetes {

// Takes part in an election until it is lost; its calls go by the urgent lane.
class Elector {
public:
    // `began` is called when this process begins to lead.
    Elector(const Client& client, Random& random, ObjectKey lease, wire::kubernetes::Election::Options options, std::function<void()> began);

    // Returns when leading was lost, for good: whoever led stops all that it does and ends. Cancelled, it goes on leading as long as the lease
    // lasts: release() then gives it back.
    Task<void> run();
    Task<void> release();
    // Follows the lease, until the task is cancelled, so that one that is given back is taken at once. Without it that takes a few seconds.
    Task<void> listen() { return seen_.run(); }

    // Asked before every effect, and again after every wait.
    bool leads() const { return election_.leads(clock_.now()); }
    std::int64_t epoch() const { return election_.epoch(); }
    const std::string& holder() const { return election_.holder(); }

private:
    Client urgent() const { return client_.urgent(election_.call_limit(clock_.now())); }
    Task<void> rest(Time until);
    void note_failure(Complaint& complaint, std::string_view what, const Failure& failure) const;
    void note_success(Complaint& complaint, std::string_view what) const;
    void saw(const wire::kubernetes::Store::Change& change);
    Task<void> read();
    Task<void> write(wire::kubernetes::LeaseRecord record, std::string version);
    Reply<Value> give_back(wire::kubernetes::LeaseRecord record, std::string version);

    Client client_;
    Clock& clock_;
    Random& random_;
    ObjectKey lease_;
    wire::kubernetes::Election election_;
    std::function<void()> began_;
    Complaint reading_;
    Complaint writing_;
    Informer seen_;
    async::Signal given_back_;
};

}  // namespace gk::kubernetes
