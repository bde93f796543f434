#include "adapters/sqlite/server_store.hpp"

#include "adapters/sqlite/digest.hpp"
#include "adapters/sqlite/document.hpp"
#include "domain/server/counted_version.hpp"

namespace gk::sqlite {
namespace {

using Kind = StoreError::Kind;
using server::Record;
using server::Version;

std::int64_t number(const Version& version) { return static_cast<std::int64_t>(server::count_of(version).value_or(0)); }

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

Result<Record, StoreError> read_one(Connection& db, ServerUid uid) {
    auto rows = db.query("SELECT uid, space, id, slot, version, document, digest FROM servers WHERE uid = ?1", uid.text());
    TRY(found, rows.next());
    if (!found) return std::unexpected(StoreError{Kind::not_found, fmt::format("there is no server with the uid {}", uid.text())});
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
    record.version = server::next(record.version);
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
    return std::unexpected(StoreError{
        Kind::conflict, fmt::format("server {}/{} is at version {}, not {}: read it again", rows.text(0), rows.text(1), rows.number(2), seen.text)});
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

StoreError unknown(std::string_view what) { return {Kind::not_found, fmt::format("there is no server {}", what)}; }

}  // namespace

// Everything is answered in the order in which it was asked (database.hpp). So what a load has read holds whatever was told before it came
// back, and what is told afterwards is newer.
Task<Result<Success, StoreError>> SqliteServerStore::load() {
    if (known_) co_return Success{};
    Work<std::vector<Record>> work = list_now;
    auto all = co_await db_.read(std::move(work));
    if (!all) co_return std::unexpected(std::move(all).error());
    if (known_) co_return Success{};
    known_.emplace();
    for (auto& record : *all) keep(std::move(record));
    co_return Success{};
}

void SqliteServerStore::keep(Record record) {
    if (!known_) return;
    drop(record.uid);
    known_->names.emplace(std::pair(record.space, record.id), record.uid);
    known_->records.emplace(record.uid, std::move(record));
}

void SqliteServerStore::drop(ServerUid uid) {
    if (!known_) return;
    const auto found = known_->records.find(uid);
    if (found == known_->records.end()) return;
    known_->names.erase(std::pair(found->second.space, found->second.id));
    known_->records.erase(found);
}

void SqliteServerStore::stored(Record record, Version version) {
    const auto uid = record.uid;
    record.version = version;
    keep(std::move(record));
    watchers_.notify(uid);
}

Task<Result<Version, StoreError>> SqliteServerStore::create(Record record) {
    Work<Version> work = [record](Connection& db) { return create_now(db, record); };
    auto version = co_await db_.write(std::move(work));
    if (version) stored(std::move(record), *version);
    co_return version;
}

Task<Result<Version, StoreError>> SqliteServerStore::replace(Record record) {
    Work<Version> work = [record](Connection& db) { return replace_now(db, record); };
    auto version = co_await db_.write(std::move(work));
    if (version) stored(std::move(record), *version);
    co_return version;
}

Task<Result<Success, StoreError>> SqliteServerStore::remove(ServerUid uid, Version seen) {
    Work<Success> work = [uid, seen](Connection& db) { return remove_now(db, uid, seen); };
    auto removed = co_await db_.write(std::move(work));
    if (removed) {
        drop(uid);
        watchers_.notify(uid);
    }
    co_return removed;
}

Task<Result<Record, StoreError>> SqliteServerStore::get(ServerUid uid) {
    if (auto loaded = co_await load(); !loaded) {
        // One damaged row does not take the others with it.
        Work<Record> work = [uid](Connection& db) { return read_one(db, uid); };
        co_return co_await db_.read(std::move(work));
    }
    const auto found = known_->records.find(uid);
    if (found == known_->records.end()) co_return std::unexpected(unknown("with the uid " + uid.text()));
    co_return found->second;
}

Task<Result<Record, StoreError>> SqliteServerStore::find(std::string space, std::string id) {
    if (auto loaded = co_await load(); !loaded) co_return std::unexpected(std::move(loaded).error());
    const auto found = known_->names.find(std::pair(space, id));
    if (found == known_->names.end()) co_return std::unexpected(unknown(fmt::format("{}/{}", space, id)));
    co_return known_->records.at(found->second);
}

Task<Result<std::vector<Record>, StoreError>> SqliteServerStore::list() {
    if (auto loaded = co_await load(); !loaded) co_return std::unexpected(std::move(loaded).error());
    std::vector<Record> all;
    all.reserve(known_->records.size());
    for (const auto& [name, uid] : known_->names) all.push_back(known_->records.at(uid));
    co_return all;
}

}  // namespace gk::sqlite
