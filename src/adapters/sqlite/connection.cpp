#include "adapters/sqlite/connection.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/assert.hpp"
#include "base/log.hpp"

namespace gk::sqlite {
namespace {

constexpr int log_pages_max = 4000;  // 16 MiB with pages of 4 KiB.

// After a failed write or sync nobody knows what the disk holds, and asking again may say yes although the data is gone. The next start reads
// what is really there.
[[noreturn]] void disk_failed(sqlite3* db, int code) {
    const auto text = fmt::format("the disk failed under the database {} ({}, {}, error {})", sqlite3_db_filename(db, "main"), sqlite3_errmsg(db),
                                  std::strerror(sqlite3_system_errno(db)), code);
    log::error("sqlite", "disk failed", {{"detail", text}});
    fmt::print(stderr, "gamekeeper: {}. Stopping at once; nothing that was acknowledged is lost if the disk comes back.\n", text);
    std::abort();
}

StoreError disk_full() { return {StoreError::Kind::unavailable, "the disk of the state directory is full: free some space, then try again"}; }

// Returns for errors that leave what is on disk as it was.
StoreError read_error_of(sqlite3* db, const std::string& text) {
    const int code = sqlite3_extended_errcode(db);
    const int system_error = sqlite3_system_errno(db);
    if (code == SQLITE_IOERR_WRITE && (system_error == ENOSPC || system_error == EDQUOT)) return disk_full();
    if (code != SQLITE_IOERR_READ && code != SQLITE_IOERR_SHORT_READ) disk_failed(db, code);
    return {StoreError::Kind::unavailable, fmt::format("the database cannot be read: {} ({})", text, std::strerror(system_error))};
}

StoreError error_of(sqlite3* db, int code) {
    using Kind = StoreError::Kind;
    const auto text = fmt::format("{} (error {})", sqlite3_errmsg(db), sqlite3_extended_errcode(db));
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return {Kind::conflict, text};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {Kind::corrupt, text + "; " + how_to_repair(sqlite3_db_filename(db, "main"))};
    case SQLITE_FULL: return disk_full();
    case SQLITE_IOERR: return read_error_of(db, text);
    case SQLITE_NOMEM: std::abort();
    default: return {Kind::unavailable, text};
    }
}

}  // namespace

std::string how_to_repair(const std::string& path) {
    return fmt::format(
        "the database {0} is damaged. Keep a copy of it, then either restore it from a copy of the state directory, or save what is "
        "readable with: sqlite3 {0} .recover | sqlite3 {0}.new; or move it away and rebuild every server from the vault with: "
        "gamekeeper recover",
        path);
}

Rows::~Rows() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
}

Result<bool, StoreError> Rows::next() {
    if (code_ == SQLITE_OK) code_ = sqlite3_step(statement_);
    if (code_ == SQLITE_DONE) return false;
    if (code_ != SQLITE_ROW) return std::unexpected(error_of(db_, code_));
    code_ = SQLITE_OK;
    return true;
}

std::string_view Rows::text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Rows::number(int column) const { return sqlite3_column_int64(statement_, column); }

bool Rows::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

Result<std::unique_ptr<Connection>, StoreError> Connection::open(const std::string& path) {
    sqlite3* db = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    ASSERT(db != nullptr, "out of memory");
    auto connection = std::unique_ptr<Connection>(new Connection(db));
    if (code != SQLITE_OK) {
        return std::unexpected(StoreError{StoreError::Kind::unavailable, fmt::format("cannot open the database {}: {}", path, sqlite3_errmsg(db))});
    }
    sqlite3_extended_result_codes(db, 1);
    // Checkpoints are ours: SQLite's automatic ones drop a failed sync silently. This hook takes the place of theirs.
    const auto remember_size = [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<int*>(pages) = count;
        return SQLITE_OK;
    };
    sqlite3_wal_hook(db, remember_size, &connection->log_pages_);
    return connection;
}

Connection::~Connection() {
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    const int code = sqlite3_close(db_);
    ASSERT(code == SQLITE_OK, "no statement may outlive its connection");
}

Result<Success, StoreError> Connection::execute(const char* sql) {
    const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error_of(db_, code));
    return Success{};
}

std::int64_t Connection::last_row() const { return sqlite3_last_insert_rowid(db_); }

std::int64_t Connection::rows_changed() const { return sqlite3_total_changes64(db_); }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

Result<Success, StoreError> Connection::checkpoint_when_due() {
    if (log_pages_ < log_pages_max) return Success{};
    const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code == SQLITE_OK) log_pages_ = 0;
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_FULL) return Success{};
    return std::unexpected(error_of(db_, code));
}

int Connection::prepare(const char* sql, sqlite3_stmt*& out) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) {
        out = known->second;
        return SQLITE_OK;
    }
    const int code = sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &out, nullptr);
    if (code == SQLITE_OK) statements_.emplace(sql, out);
    return code;
}

Rows Connection::bind(const char* sql, std::initializer_list<Parameter> parameters) {
    sqlite3_stmt* statement = nullptr;
    int code = prepare(sql, statement);
    int position = 0;
    for (const auto& parameter : parameters) {
        if (code != SQLITE_OK) break;
        ++position;
        // SQLite takes a null pointer for NULL, and an empty view may hold one.
        const auto text = parameter.text().empty() ? std::string_view("") : parameter.text();
        code = parameter.is_text() ? sqlite3_bind_text64(statement, position, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8)
                                   : sqlite3_bind_int64(statement, position, parameter.number());
    }
    return {db_, statement, code};
}

Result<std::int64_t, StoreError> Connection::finish(Rows rows) {
    TRY(more, rows.next());
    ASSERT(!more, "a statement that changes something yields no rows");
    return sqlite3_changes64(db_);
}

}  // namespace gk::sqlite
