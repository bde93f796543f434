#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "domain/fleet/fleet.hpp"
#include "domain/match/ids.hpp"
#include "domain/server/types.hpp"
#include "ports/ledger.hpp"
#include "ports/task.hpp"

namespace gk {

// A match server that was begun and is not yet gone. What really runs is observed; this says what for.
struct FleetServer {
    ServerUid uid;
    std::string name;   // Unique among them, a DNS label: "game-server-1a2b3c4d".
    std::string fleet;  // Empty: begun for its match.
    std::string beside{};  // Of one begun for its match: the fleet whose servers it counts among; empty: none.
    std::string game;
    fleet::ServerState state = fleet::ServerState::starting;
    std::uint64_t generation = 1;  // Of its fleet.
    Time since{};                  // Of its state.
    std::optional<MatchId> match;  // From `allocated` on; of one that was begun for its match, always.
    bool is_foreign = false;       // The match is kept by whoever asked for a server, not by us: only its game ends it.
    std::vector<server::PortBinding> ports;
    std::uint32_t slot = 0;        // As of servers; from fleet_slots_first on.
    MebiBytes memory{};            // That it may use.
    bool operator==(const FleetServer&) const = default;
};
// Worlds take the slots below; a launcher gives out uids for 60,000.
inline constexpr std::uint32_t fleet_slots_first = 30'000;

// Keeps fleets and their servers. When a call returns success, the change is on disk. Writes name the epoch of the matchmaker.
class FleetStore {
public:
    virtual ~FleetStore() = default;
    template <class T>
    using Answer = Task<Result<T, StoreError>>;

    virtual Answer<Success> put(fleet::Fleet fleet) = 0;
    virtual Answer<Success> remove_fleet(std::string name) = 0;
    virtual Answer<std::vector<fleet::Fleet>> fleets() = 0;  // By name.

    virtual Answer<Success> put(FleetServer server, Epoch by) = 0;
    virtual Answer<Success> remove(ServerUid server, Epoch by) = 0;
    virtual Answer<std::vector<FleetServer>> servers() = 0;  // By name.

    // Called on the loop's thread after a fleet was changed, by whomever.
    virtual std::shared_ptr<void> watch(std::function<void()> changed) = 0;
};

}  // namespace gk
