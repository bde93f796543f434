#include "adapters/sqlite/fleet_store.hpp"

#include "adapters/sqlite/document.hpp"
#include "adapters/sqlite/match_changes.hpp"
#include "ports/fleet_codec.hpp"

namespace gk::sqlite {
namespace {

template <class T>
Result<std::vector<T>, StoreError> read_all(std::string_view table, Rows rows) {
    std::vector<T> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(item, read_document<T>(fmt::format("row {} of {}", rows.text(0), table), rows.text(1)));
        all.push_back(std::move(item));
    }
}

}  // namespace

FleetStore::Answer<Success> SqliteFleetStore::put(fleet::Fleet fleet) {
    Work<Success> work = [fleet = std::move(fleet)](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("INSERT INTO fleets (name, document) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET document = ?2", fleet.name,
                         to_json(to_value(fleet))));
        return Success{};
    };
    auto stored = co_await db_.write(std::move(work));
    if (stored) watchers_.notify();
    co_return stored;
}

FleetStore::Answer<Success> SqliteFleetStore::remove_fleet(std::string name) {
    Work<Success> work = [name = std::move(name)](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(db.change("DELETE FROM fleets WHERE name = ?1", name));
        return Success{};
    };
    auto removed = co_await db_.write(std::move(work));
    if (removed) watchers_.notify();
    co_return removed;
}

FleetStore::Answer<std::vector<fleet::Fleet>> SqliteFleetStore::fleets() {
    Work<std::vector<fleet::Fleet>> work = [](Connection& db) {
        return read_all<fleet::Fleet>("fleets", db.query("SELECT name, document FROM fleets ORDER BY name"));
    };
    return db_.read(std::move(work));
}

FleetStore::Answer<Success> SqliteFleetStore::put(FleetServer server, Epoch by) {
    Work<Success> work = [server = std::move(server), by](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(check_match_epoch(db, by));
        TRY_OK(db.change("INSERT INTO fleet_servers (uid, name, document) VALUES (?1, ?2, ?3) ON CONFLICT (uid) DO UPDATE SET document = ?3",
                         server.uid.text(), server.name, to_json(to_value(server))));
        return Success{};
    };
    return db_.write(std::move(work));
}

FleetStore::Answer<Success> SqliteFleetStore::remove(ServerUid server, Epoch by) {
    Work<Success> work = [server, by](Connection& db) -> Result<Success, StoreError> {
        TRY_OK(check_match_epoch(db, by));
        TRY_OK(db.change("DELETE FROM fleet_servers WHERE uid = ?1", server.text()));
        return Success{};
    };
    return db_.write(std::move(work));
}

FleetStore::Answer<std::vector<FleetServer>> SqliteFleetStore::servers() {
    Work<std::vector<FleetServer>> work = [](Connection& db) {
        return read_all<FleetServer>("fleet_servers", db.query("SELECT name, document FROM fleet_servers ORDER BY name"));
    };
    return db_.read(std::move(work));
}

}  // namespace gk::sqlite
