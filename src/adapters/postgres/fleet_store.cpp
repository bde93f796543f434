#include "adapters/postgres/fleet_store.hpp"

#include <string>
#include <utility>

#include "adapters/postgres/document.hpp"
#include "adapters/postgres/listener.hpp"
#include "adapters/postgres/schema.hpp"
#include "ports/fleet_codec.hpp"

namespace gk::postgres {
namespace {

using Kind = StoreError::Kind;

std::string epoch_text(Epoch epoch) { return std::to_string(std::to_underlying(epoch)); }

}  // namespace

PostgresFleetStore::PostgresFleetStore(boost::asio::any_io_executor loop, Clock& clock, Options options)
    : loop_(loop),
      clock_(clock),
      pool_(loop, clock, std::move(options)),
      writes_(pool_, {"SELECT match_lock()", {}}, {"NOTIFY gamekeeper_fleets", {}}),
      watchers_(loop) {}

FleetStore::Answer<std::unique_ptr<PostgresFleetStore>> PostgresFleetStore::open(boost::asio::any_io_executor loop, Clock& clock, Options options) {
    std::unique_ptr<PostgresFleetStore> store(new PostgresFleetStore(loop, clock, std::move(options)));
    CO_TRY_OK(co_await migrate_in_time(loop, clock, store->pool_));
    co_return store;
}

Task<void> PostgresFleetStore::run() {
    Listener listener(loop_, clock_, pool_, {.listen = "LISTEN gamekeeper_fleets", .what = "fleets"},
                      [this](std::string_view) { watchers_.notify(); });
    co_await listener.run();
}

FleetStore::Answer<Rows> PostgresFleetStore::ask(const char* sql) {
    std::vector<Statement> statements;
    statements.push_back({sql, {}});
    CO_TRY(answers, co_await pool_.read(std::move(statements)));
    co_return std::move(answers.front());
}

FleetStore::Answer<Success> PostgresFleetStore::change_fleet(Statement statement) {
    CO_TRY_OK(co_await writes_.run(std::move(statement), true));
    watchers_.notify();
    co_return Success{};
}

FleetStore::Answer<Success> PostgresFleetStore::change_server(Statement statement) {
    CO_TRY(answer, co_await writes_.run(std::move(statement), false));
    const auto outcome = answer.text(0, 0);
    if (outcome == "fenced") co_return std::unexpected(StoreError{Kind::fenced, "a newer matchmaker is at work"});
    if (outcome == "taken") co_return std::unexpected(StoreError{Kind::conflict, "another match server has that name"});
    co_return Success{};
}

FleetStore::Answer<Success> PostgresFleetStore::put(fleet::Fleet fleet) {
    return change_fleet({"INSERT INTO fleets (name, document) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET document = excluded.document",
                         {fleet.name, to_json(to_value(fleet))}});
}

FleetStore::Answer<Success> PostgresFleetStore::remove_fleet(std::string name) {
    return change_fleet({"DELETE FROM fleets WHERE name = $1", {std::move(name)}});
}

FleetStore::Answer<std::vector<fleet::Fleet>> PostgresFleetStore::fleets() {
    CO_TRY(rows, co_await ask("SELECT name, document FROM fleets ORDER BY name COLLATE \"C\""));
    co_return read_documents<fleet::Fleet>("fleets", rows);
}

FleetStore::Answer<Success> PostgresFleetStore::put(FleetServer server, Epoch by) {
    return change_server({"SELECT fleet_put($1, $2, $3, $4)", {epoch_text(by), server.uid.text(), server.name, to_json(to_value(server))}});
}

FleetStore::Answer<Success> PostgresFleetStore::remove(ServerUid server, Epoch by) {
    return change_server({"SELECT fleet_remove($1, $2)", {epoch_text(by), server.text()}});
}

FleetStore::Answer<std::vector<FleetServer>> PostgresFleetStore::servers() {
    CO_TRY(rows, co_await ask("SELECT name, document FROM fleet_servers ORDER BY name COLLATE \"C\""));
    co_return read_documents<FleetServer>("fleet_servers", rows);
}

}  // namespace gk::postgres
