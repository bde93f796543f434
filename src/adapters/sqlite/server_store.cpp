#include "adapters/sqlite/server_store.hpp"

#include "adapters/sqlite/digest.hpp"
#include "adapters/sqlite/document.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;
using server::Record;
using server::Version;

std::int64_t number(Version version) { return static_cast<std::int64_t>(std::to_underlying(version)); }

StoreError taken(std::string_view what, std::string_view space, std::string_view id) {
    return {Kind::conflict, fmt::format("{} is taken by server {}/{}", what, space, id)};
}

std::string digest_of(std::string_view uid, std::string_view space, std::string_view id, std::int64_t slot, std::int64_t version,
                      std::string_view document) {
    return RowDigest("servers").add(uid).add(space).add(id).add(slot).add(version).add(document).hex();
}

// The columns uid, space, id, slot, version, document, digest, in this order.
Result<Record, StoreError> read_record(const Rows& row) {
    const auto what = fmt::format("server {}/{}", row.text(1), row.text(2));
    const auto digest = digest_of(row.text(0), row.text(1), row.text(2), row.number(3), row.number(4), row.text(5));
    TRY_OK(check_digest(what, row.text(6), digest));
    return read_document<Record>(what, row.text(5));
}

Result<Record, StoreError> only_record(Rows rows, std::string_view what) {
    TRY(found, rows.next());
    if (!found) return std::unexpected(StoreError{Kind::not_found, fmt::format("there is no server {}", what)});
    return read_record(rows);
}

// Checked before writing, so that the error can say who holds it; the constraints of the tables stand behind it.
Result<Success, StoreError> check_unique(Connection& db, const Record& record) {
    const auto uid = record.uid.text();
    auto names = db.query("SELECT 1 FROM servers WHERE space = ?1 AND id = ?2 AND uid <> ?3", record.space, record.id, uid);
    TRY(name_taken, names.next());
    if (name_taken) return std::unexpected(taken(fmt::format("the name {}/{}", record.space, record.id), record.space, record.id));
    auto slots = db.query("SELECT space, id FROM servers WHERE slot = ?1 AND uid <> ?2", record.slot, uid);
    TRY(slot_taken, slots.next());
    if (slot_taken) return std::unexpected(taken(fmt::format("slot {}", record.slot), slots.text(0), slots.text(1)));
    for (const auto& binding : record.ports) {
        auto ports = db.query("SELECT space, id FROM server_ports JOIN servers USING (uid) WHERE protocol = ?1 AND port = ?2 AND uid <> ?3",
                              name_of(binding.protocol), int{std::to_underlying(binding.open)}, uid);
        TRY(port_taken, ports.next());
        if (!port_taken) continue;
        const auto port = fmt::format("port {}/{}", std::to_underlying(binding.open), name_of(binding.protocol));
        return std::unexpected(taken(port, ports.text(0), ports.text(1)));
    }
    return Success{};
}

Result<Success, StoreError> write_ports(Connection& db, const Record& record) {
    TRY_OK(db.change("DELETE FROM server_ports WHERE uid = ?1", record.uid.text()));
    for (const auto& binding : record.ports) {
        TRY_OK(db.change("INSERT INTO server_ports (protocol, port, uid) VALUES (?1, ?2, ?3)", name_of(binding.protocol),
                         int{std::to_underlying(binding.open)}, record.uid.text()));
    }
    return Success{};
}

Result<Version, StoreError> store(Connection& db, const char* sql, Record& record) {
    TRY_OK(check_unique(db, record));
    record.version = static_cast<Version>(std::to_underlying(record.version) + 1);
    const auto uid = record.uid.text();
    const auto document = to_json(to_value(record));
    const auto version = number(record.version);
    const auto digest = digest_of(uid, record.space, record.id, record.slot, version, document);
    TRY_OK(db.change(sql, uid, record.space, record.id, record.slot, version, document, digest));
    TRY_OK(write_ports(db, record));
    return record.version;
}

Result<Version, StoreError> create_now(Connection& db, Record record) {
    auto rows = db.query("SELECT space, id FROM servers WHERE uid = ?1", record.uid.text());
    TRY(known, rows.next());
    if (known) return std::unexpected(taken("the uid " + record.uid.text(), rows.text(0), rows.text(1)));
    record.version = Version{};
    return store(db, "INSERT INTO servers (uid, space, id, slot, version, document, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", record);
}

Result<Success, StoreError> check_version(Connection& db, ServerUid uid, Version seen) {
    auto rows = db.query("SELECT space, id, version FROM servers WHERE uid = ?1", uid.text());
    TRY(known, rows.next());
    if (!known) return std::unexpected(StoreError{Kind::not_found, fmt::format("there is no server with the uid {}", uid.text())});
    if (rows.number(2) == number(seen)) return Success{};
    return std::unexpected(StoreError{Kind::conflict, fmt::format("server {}/{} is at version {}, not {}: read it again", rows.text(0), rows.text(1),
                                                                  rows.number(2), number(seen))});
}

Result<Version, StoreError> replace_now(Connection& db, Record record) {
    TRY_OK(check_version(db, record.uid, record.version));
    return store(db, "UPDATE servers SET space = ?2, id = ?3, slot = ?4, version = ?5, document = ?6, digest = ?7 WHERE uid = ?1", record);
}

Result<Success, StoreError> remove_now(Connection& db, ServerUid uid, Version seen) {
    TRY_OK(check_version(db, uid, seen));
    TRY_OK(db.change("DELETE FROM servers WHERE uid = ?1", uid.text()));
    return Success{};
}

Result<std::vector<Record>, StoreError> list_now(Connection& db) {
    auto rows = db.query("SELECT uid, space, id, slot, version, document, digest FROM servers ORDER BY space, id");
    std::vector<Record> all;
    for (;;) {
        TRY(more, rows.next());
        if (!more) return all;
        TRY(record, read_record(rows));
        all.push_back(std::move(record));
    }
}

}  // namespace

Task<Result<Version, StoreError>> SqliteServerStore::create(Record record) {
    const auto uid = record.uid;
    Work<Version> work = [record = std::move(record)](Connection& db) { return create_now(db, record); };
    auto version = co_await db_.write(std::move(work));
    if (version) watchers_.notify(uid);
    co_return version;
}

Task<Result<Version, StoreError>> SqliteServerStore::replace(Record record) {
    const auto uid = record.uid;
    Work<Version> work = [record = std::move(record)](Connection& db) { return replace_now(db, record); };
    auto version = co_await db_.write(std::move(work));
    if (version) watchers_.notify(uid);
    co_return version;
}

Task<Result<Success, StoreError>> SqliteServerStore::remove(ServerUid uid, Version seen) {
    Work<Success> work = [uid, seen](Connection& db) { return remove_now(db, uid, seen); };
    auto removed = co_await db_.write(std::move(work));
    if (removed) watchers_.notify(uid);
    co_return removed;
}

Task<Result<Record, StoreError>> SqliteServerStore::get(ServerUid uid) {
    Work<Record> work = [uid](Connection& db) {
        auto rows = db.query("SELECT uid, space, id, slot, version, document, digest FROM servers WHERE uid = ?1", uid.text());
        return only_record(std::move(rows), "with the uid " + uid.text());
    };
    return db_.read(std::move(work));
}

Task<Result<Record, StoreError>> SqliteServerStore::find(std::string space, std::string id) {
    Work<Record> work = [space = std::move(space), id = std::move(id)](Connection& db) {
        auto rows = db.query("SELECT uid, space, id, slot, version, document, digest FROM servers WHERE space = ?1 AND id = ?2", space, id);
        return only_record(std::move(rows), fmt::format("{}/{}", space, id));
    };
    return db_.read(std::move(work));
}

Task<Result<std::vector<Record>, StoreError>> SqliteServerStore::list() {
    Work<std::vector<Record>> work = list_now;
    return db_.read(std::move(work));
}

}  // namespace gk::sqlite
