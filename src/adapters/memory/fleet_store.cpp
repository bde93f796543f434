#include "adapters/memory/fleet_store.hpp"

#include <algorithm>

namespace gk::memory {
namespace {

StoreError fenced() { return {StoreError::Kind::fenced, "a newer matchmaker is at work"}; }

template <class Map>
auto values_of(const Map& map) {
    std::vector<typename Map::mapped_type> values;
    for (const auto& [key, value] : map) values.push_back(value);
    std::ranges::sort(values, {}, &Map::mapped_type::name);
    return values;
}

}  // namespace

FleetStore::Answer<Success> MemoryFleetStore::put(fleet::Fleet fleet) {
    const auto name = fleet.name;
    state_->fleets.insert_or_assign(name, std::move(fleet));
    watchers_.notify();
    co_return Success{};
}

FleetStore::Answer<Success> MemoryFleetStore::remove_fleet(std::string name) {
    state_->fleets.erase(name);
    watchers_.notify();
    co_return Success{};
}

FleetStore::Answer<std::vector<fleet::Fleet>> MemoryFleetStore::fleets() { co_return values_of(state_->fleets); }

FleetStore::Answer<Success> MemoryFleetStore::put(FleetServer server, Epoch by) {
    if (by < matches_->epoch) co_return std::unexpected(fenced());
    const auto uid = server.uid;
    const bool is_taken = std::ranges::any_of(state_->servers, [&](const auto& it) { return it.first != uid && it.second.name == server.name; });
    if (is_taken) co_return std::unexpected(StoreError{StoreError::Kind::conflict, "another match server has that name"});
    state_->servers.insert_or_assign(uid, std::move(server));
    co_return Success{};
}

FleetStore::Answer<Success> MemoryFleetStore::remove(ServerUid server, Epoch by) {
    if (by < matches_->epoch) co_return std::unexpected(fenced());
    state_->servers.erase(server);
    co_return Success{};
}

FleetStore::Answer<std::vector<FleetServer>> MemoryFleetStore::servers() { co_return values_of(state_->servers); }

}  // namespace gk::memory
