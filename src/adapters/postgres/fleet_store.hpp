#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/shared_writes.hpp"
#include "async/watchers.hpp"
#include "ports/fleet_store.hpp"

namespace gk::postgres {

// Fleets and their servers in a PostgreSQL database that several processes share. Fenced by the epoch of matchmakers
// (PostgresMatchStore::next_epoch()).
class PostgresFleetStore final : public FleetStore {
public:
    // Connects, and brings the schema up to date. `loop`, whose thread calls everything here, and `clock` outlive it, and it outlives its calls.
    static Answer<std::unique_ptr<PostgresFleetStore>> open(boost::asio::any_io_executor loop, Clock& clock, Options options);

    // Hears of the fleets that other processes change, until the task is cancelled. Without it, watchers hear of our own only.
    Task<void> run();

    Answer<Success> put(fleet::Fleet fleet) override;
    Answer<Success> remove_fleet(std::string name) override;
    Answer<std::vector<fleet::Fleet>> fleets() override;
    Answer<Success> put(FleetServer server, Epoch by) override;
    Answer<Success> remove(ServerUid server, Epoch by) override;
    Answer<std::vector<FleetServer>> servers() override;
    std::shared_ptr<void> watch(std::function<void()> changed) override { return watchers_.add(std::move(changed)); }

private:
    PostgresFleetStore(boost::asio::any_io_executor loop, Clock& clock, Options options);
    Answer<Rows> ask(const char* sql);
    Answer<Success> change_fleet(Statement statement);
    Answer<Success> change_server(Statement statement);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Pool pool_;
    SharedWrites writes_;
    async::Watchers<> watchers_;
};

}  // namespace gk::postgres
