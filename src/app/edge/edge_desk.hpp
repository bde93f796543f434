#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/error.hpp"
#include "app/keeper/tenure.hpp"
#include "async/signal.hpp"
#include "domain/catalog/catalog.hpp"
#include "domain/front/report.hpp"
#include "domain/front/routing.hpp"
#include "ports/clock.hpp"
#include "ports/edge_line.hpp"
#include "ports/server_store.hpp"

namespace gk::app {

// Tells edges the routes of all servers whenever these change, and carries on what edges say: who knocks at a server that sleeps starts it, by the
// same use case as a person. Level-triggered: each look reads the records again, and a knock that cannot be followed yet is repeated by the edge.
class EdgeDesk {
public:
    struct Ports {
        ServerStore& store;
        EdgeLine& line;
        Clock& clock;
        const Tenure& tenure;
        const catalog::Catalog& games;
    };
    // Starts a server for that reason. An error says why it cannot be started now: nothing was changed then.
    using Start = std::function<Task<Result<Success, Error>>(server::Record, server::Cause)>;
    EdgeDesk(Ports ports, Start start, front::RoutingRules rules);

    // Until the task is cancelled. Only after the keeper has taken over: tables bear its epoch.
    Task<void> run();

    // What the edges were told last.
    const wake::RouteTable& table() const { return table_; }
    // What each edge that is connected said last, by connection.
    const std::map<std::uint64_t, front::Report>& edges() const { return edges_; }
    // How many play through the edges. Nothing: no edge is connected, or none has this server's routes, so it is not known.
    std::optional<int> sessions_of(const server::Record& record) const;

private:
    void hear(std::uint64_t edge, const front::Report* report);
    Task<void> look();
    Task<void> answer(front::Knocker knocker);
    Task<void> start(server::Record record, front::Knocker knocker);
    void publish(wake::RouteTable table);
    bool is_refused(const std::string& server) const;

    Ports ports_;
    Start start_;
    front::RoutingRules rules_;
    wake::RouteTable table_;
    std::optional<Value> published_;  // Its document, without epoch and number.
    std::uint64_t number_ = 0;
    std::map<std::uint64_t, front::Report> edges_;
    std::map<std::string, front::Knocker> knockers_;  // By server: not yet answered.
    std::map<std::string, Time> refused_;             // By server, until then: it could not be started.
    async::Signal changed_;
};

}  // namespace gk::app
