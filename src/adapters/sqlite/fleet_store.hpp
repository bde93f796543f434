#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "adapters/sqlite/database.hpp"
#include "async/watchers.hpp"
#include "ports/fleet_store.hpp"

namespace gk::sqlite {

// Fleets and their servers in the file of one process. Fenced by the epoch of matchmakers (SqliteMatchStore::next_epoch()).
class SqliteFleetStore final : public FleetStore {
public:
    SqliteFleetStore(boost::asio::any_io_executor loop, Database& db) : db_(db), watchers_(std::move(loop)) {}

    Answer<Success> put(fleet::Fleet fleet) override;
    Answer<Success> remove_fleet(std::string name) override;
    Answer<std::vector<fleet::Fleet>> fleets() override;
    Answer<Success> put(FleetServer server, Epoch by) override;
    Answer<Success> remove(ServerUid server, Epoch by) override;
    Answer<std::vector<FleetServer>> servers() override;
    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }

private:
    Database& db_;
    async::Watchers<> watchers_;
};

}  // namespace gk::sqlite
