#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "app/caller.hpp"
#include "app/error.hpp"
#include "app/fleet/fleets.hpp"
#include "app/match/match_audit.hpp"
#include "domain/fleet/fleet.hpp"
#include "ports/fleet_store.hpp"

namespace gk::app {

struct FleetChange {
    fleet::Fleet fleet;
    std::vector<FieldError> unread;
};

// The fleets of an operator.
class FleetOrders {
public:
    struct Ports {
        FleetStore& store;
        Fleets& fleets;
        // What is wrong with a fleet's game, package and settings.
        std::function<std::vector<FieldError>(const fleet::Fleet& fleet)> check;
        // As Matchmaker::audit().
        std::function<Task<std::optional<MatchAudit>>()> audit = []() -> Task<std::optional<MatchAudit>> { co_return std::nullopt; };
    };
    explicit FleetOrders(Ports ports) : ports_(std::move(ports)) {}

    template <class T>
    using Answer = Task<Result<T, Error>>;

    struct Shown {
        fleet::Fleet fleet;
        std::optional<Fleets::Counts> counts;  // Nothing when another process keeps.
        bool is_new = false;
    };
    Answer<Shown> put(Caller caller, FleetChange change);
    Answer<Success> remove(Caller caller, std::string name);
    Answer<Shown> find(Caller caller, std::string name);
    Answer<std::vector<Shown>> list(Caller caller);
    // A server that waits, for a match of the caller's own. `exhausted` when none does.
    Answer<match::MatchServer> allocate(Caller caller, std::string name, MatchId match);
    // Ends match servers that nobody knows any more or whose match is over, and matches whose server is gone. Nothing where another control plane
    // makes the matches, which does it by itself.
    Answer<std::optional<MatchAudit>> clean_up(Caller caller);

private:
    Ports ports_;
};

}  // namespace gk::app
