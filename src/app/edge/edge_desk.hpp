#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/edge/bans.hpp"
#include "app/error.hpp"
#include "app/keeper/tenure.hpp"
#include "async/signal.hpp"
#include "domain/catalog/catalog.hpp"
#include "domain/front/report.hpp"
#include "domain/front/routing.hpp"
#include "domain/wake/noise.hpp"
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
        Bans* bans = nullptr;  // Null: nobody can be banned.
        // Where that server's game binds its ports; nothing: that is not known yet, and it has not come up for players.
        std::function<std::optional<wake::Address>(const server::Record&)> host = [](const server::Record&) {
            return std::optional(wake::Address::v4({127, 0, 0, 1}));
        };
    };
    // Starts a server for that reason. An error says why it cannot be started now: nothing was changed then.
    using Start = std::function<Task<Result<Success, Error>>(server::Record, server::Cause)>;
    EdgeDesk(Ports ports, Start start, front::RoutingRules rules, wake::NoiseRule noise = {});

    // Until the task is cancelled. Only after the keeper has taken over: tables bear its epoch.
    Task<void> run();

    // What the edges were told last.
    const wake::RouteTable& table() const { return table_; }
    // What each edge that is connected said last, by connection.
    const std::map<std::uint64_t, front::Report>& edges() const { return edges_; }
    // Who is kept out; null where nobody can be.
    Bans* bans() const { return ports_.bans; }
    // How many play through the edges: sessions without what is mere noise. Nothing: no edge is connected, or none has this server's routes, so it is
    // not known.
    std::optional<int> sessions_of(const server::Record& record) const;
    // When an edge first passed on what a player said after this wake. Nothing: not yet, or by an edge that is not connected any more.
    std::optional<Time> relayed_at(std::string_view trace) const;

private:
    using Gates = std::map<wake::Endpoint, wake::NoiseGate>;  // Of datagram routes, by where players come.

    void hear(std::uint64_t edge, const front::Report* report);
    void measure(Gates& gates, const front::Report& report) const;
    std::uint64_t players_of(std::uint64_t edge, const front::RouteUse& use) const;
    Task<void> look();
    Task<void> answer(front::Knocker knocker);
    Task<void> start(server::Record record, front::Knocker knocker);
    void publish(wake::RouteTable table);
    bool is_refused(const std::string& server) const;

    Ports ports_;
    Start start_;
    front::RoutingRules rules_;
    wake::NoiseRule noise_;
    wake::RouteTable table_;
    std::optional<Value> published_;  // Its document, without epoch and number.
    std::uint64_t number_ = 0;
    std::uint32_t serial_ = 0;  // Of zones.
    std::map<std::uint64_t, front::Report> edges_;
    std::map<std::uint64_t, Gates> gates_;  // By connection.
    std::map<std::string, front::Knocker> knockers_;  // By server: not yet answered.
    std::map<std::string, Time> refused_;  // By server, until then: it could not be started.
    async::Signal changed_;
};

}  // namespace gk::app
