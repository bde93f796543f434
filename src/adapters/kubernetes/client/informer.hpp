#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "adapters/kubernetes/client/client.hpp"
#include "adapters/kubernetes/client/complaint.hpp"
#include "async/signal.hpp"
#include "async/wait_queue.hpp"
#include "ports/clock.hpp"
#include "ports/random.hpp"
#include "ports/task.hpp"
#include "wire/kubernetes/freshness.hpp"
#include "wire/kubernetes/reflector.hpp"
#include "wire/kubernetes/store.hpp"

namespace gk::kubernetes {

// A copy of all objects of one kind (but for ballast.hpp), kept right by lists and watches, through restarts of the server and gaps in its history.
// One call is under way at a time. Whoever acts on the copy writes through wrote() and removed(), and destroys nothing while is_fresh() says no
// (R11).
class Informer {
public:
    // Called for every change, after the store has it. Does not wait and does not throw: it adds a key to a queue.
    using Changed = std::function<void(const wire::kubernetes::Store::Change&)>;

    Informer(Client client, Random& random, Resource resource, Selection selection, Changed changed);

    // Until the task is cancelled.
    Task<void> run();

    const wire::kubernetes::Store& store() const { return store_; }
    // Returns when the first list is in the store and its changes were told. For one run().
    Task<void> synced();
    // Returns when a list is in the store that was asked for after this call. For who is about to act for all: a watch may have fallen silent long
    // ago without anybody knowing, and others have written meanwhile (R11).
    Task<void> catch_up();

    // We wrote the object, and the server answered with this version. The event of it may have come before the answer.
    void wrote(const ObjectKey& key, std::string_view version);
    wire::kubernetes::Freshness& freshness() { return freshness_; }

    // For the metrics.
    const wire::kubernetes::Reflector& reflector() const { return reflector_; }

private:
    Task<void> follow();
    Task<void> list(wire::kubernetes::Reflector::List how);
    Task<void> watch(wire::kubernetes::Reflector::Watch how);
    void replace(Listed listed);
    void take(const wire::kubernetes::WatchEvent& event);
    void tell(const std::vector<wire::kubernetes::Store::Change>& changes);
    void note_list_failure(const Failure& failure);
    void note(std::string_view what, const Failure& failure) const;
    std::string_view place() const;

    Client client_;
    Clock& clock_;
    Random& random_;
    Resource resource_;
    Selection selection_;
    Changed changed_;
    wire::kubernetes::Reflector reflector_;
    wire::kubernetes::Store store_;
    wire::kubernetes::Freshness freshness_;
    Complaint complaint_;
    async::WaitQueue synced_;
    async::Signal begins_anew_;
    std::uint64_t beginning_ = 0;  // Counts them.
    std::uint64_t listed_since_ = 0;  // The beginning after which the last list was asked for.
};

}  // namespace gk::kubernetes
