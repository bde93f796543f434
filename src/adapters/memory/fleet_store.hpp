#pragma once

#include <map>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/memory/match_store.hpp"
#include "async/watchers.hpp"
#include "ports/fleet_store.hpp"

namespace gk::memory {

struct FleetState {
    std::map<std::string, fleet::Fleet> fleets;
    std::map<ServerUid, FleetServer> servers;
};

// An honest FleetStore that only forgets when its state does. Epochs are those of the matches.
class MemoryFleetStore final : public FleetStore {
public:
    MemoryFleetStore(boost::asio::any_io_executor loop, std::shared_ptr<FleetState> state, std::shared_ptr<MatchState> matches)
        : state_(std::move(state)),
          matches_(std::move(matches)),
          watchers_(std::move(loop)) {}

    Answer<Success> put(fleet::Fleet fleet) override;
    Answer<Success> remove_fleet(std::string name) override;
    Answer<std::vector<fleet::Fleet>> fleets() override;
    Answer<Success> put(FleetServer server, Epoch by) override;
    Answer<Success> remove(ServerUid server, Epoch by) override;
    Answer<std::vector<FleetServer>> servers() override;
    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }

private:
    std::shared_ptr<FleetState> state_;
    std::shared_ptr<MatchState> matches_;
    async::Watchers<> watchers_;
};

}  // namespace gk::memory
