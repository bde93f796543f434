#pragma once

#include <memory>
#include <string>

#include "domain/operation/operation.hpp"
#include "net/http/server.hpp"
#include "ports/clock.hpp"
#include "ports/ledger.hpp"

namespace prometheus {
class Registry;
}  // namespace prometheus

namespace gk::api {

// What /metrics shows, over prometheus-cpp's registry. Labels come from our own tables (routes, methods, statuses), never from the network.
class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    void count(const net::Access& access);
    // Counts what the event tells: an operation's end, a snapshot's.
    void count(const Event& event);
    // A gauge of the moment: "gamekeeper_servers" by state and the like are set right before the page is made.
    void set_servers(std::string_view state, double count);
    void set_epoch(Epoch epoch);
    // So many calls to the cluster's API server until now; status 0: no answer came.
    void set_cluster_calls(const std::string& method, int status, std::uint64_t count);
    // Where others put what they count.
    prometheus::Registry& registry();
    // The Prometheus text format.
    std::string text() const;

private:
    struct Families;
    std::unique_ptr<Families> families_;
};

// Counts every event that is appended from now on, until it is cancelled.
Task<void> count_events(Ledger& ledger, Clock& clock, Metrics& metrics);

}  // namespace gk::api
