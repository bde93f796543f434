#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/id.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ports/server_store.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace gk::sqlite {

// One value of a row, as it is given to a statement.
class Parameter {
public:
    Parameter(std::string_view text) : text_(text), is_text_(true) {}
    Parameter(const std::string& text) : text_(text), is_text_(true) {}
    Parameter(const char* text) : text_(text), is_text_(true) {}
    Parameter(std::int64_t number) : number_(number) {}
    Parameter(int number) : number_(number) {}
    Parameter(std::uint32_t number) : number_(number) {}
    Parameter(Time time) : number_(time.time_since_epoch().count()) {}

    bool is_text() const { return is_text_; }
    std::string_view text() const { return text_; }
    std::int64_t number() const { return number_; }

private:
    std::string_view text_;  // Must outlive the call it is passed to; the statement copies it.
    std::int64_t number_ = 0;
    bool is_text_ = false;
};

// The rows that a statement yields, one at a time. Columns count from 0 and are valid until the next next().
class Rows {
public:
    Rows(sqlite3* db, sqlite3_stmt* statement, int bound) : db_(db), statement_(statement), code_(bound) {}
    Rows(Rows&& other) noexcept : db_(other.db_), statement_(std::exchange(other.statement_, nullptr)), code_(other.code_) {}
    Rows& operator=(Rows&&) = delete;
    ~Rows();

    // True when there is a(nother) row.
    Result<bool, StoreError> next();
    std::string_view text(int column) const;
    std::int64_t number(int column) const;
    bool is_null(int column) const;
    Time time(int column) const { return Time(Milliseconds(number(column))); }

private:
    sqlite3* db_;
    sqlite3_stmt* statement_;
    int code_;
};

// One open database, for one thread. Every failure becomes a StoreError with the operation in its text; an input or output error while
// something is written ends the process instead, because nothing is known any more about what the disk holds (reliability: R4).
class Connection {
public:
    // ":memory:" makes a private one for comparisons.
    static Result<std::unique_ptr<Connection>, StoreError> open(const std::string& path);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // Several statements without parameters, separated by semicolons.
    Result<Success, StoreError> execute(const char* sql);
    template <class... Args>
    Rows query(const char* sql, const Args&... args) {
        return bind(sql, {Parameter(args)...});
    }
    // For statements without rows: how many rows it changed.
    template <class... Args>
    Result<std::int64_t, StoreError> change(const char* sql, const Args&... args) {
        return finish(bind(sql, {Parameter(args)...}));
    }
    std::int64_t last_row() const;
    std::int64_t rows_changed() const;  // Since it was opened, also by what was undone.
    bool in_transaction() const;

    // Copies what was committed from the log into the database file once the log has grown large. A full disk is no error here: the log keeps
    // everything.
    Result<Success, StoreError> checkpoint_when_due();

private:
    explicit Connection(sqlite3* db) : db_(db) {}
    Rows bind(const char* sql, std::initializer_list<Parameter> parameters);
    Result<std::int64_t, StoreError> finish(Rows rows);
    int prepare(const char* sql, sqlite3_stmt*& out);

    sqlite3* db_;
    std::unordered_map<std::string_view, sqlite3_stmt*> statements_;  // By their text, which must be a literal.
    int log_pages_ = 0;
};

// What people do with a broken database file; part of every such error.
std::string how_to_repair(const std::string& path);

}  // namespace gk::sqlite
