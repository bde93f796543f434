#pragma once

#include <cstdint>
#include <libpq-fe.h>
#include <memory>
#include <string_view>

namespace gk::postgres {

// What one statement has answered: rows of text, and how many it changed. Rows and columns count from 0.
class Rows {
public:
    explicit Rows(PGresult* result) : result_(result) {}

    int size() const { return PQntuples(result_.get()); }
    bool empty() const { return size() == 0; }
    std::string_view text(int row, int column) const;
    // For columns of whole numbers.
    std::int64_t number(int row, int column) const;

    ExecStatusType status() const { return PQresultStatus(result_.get()); }
    // Five characters that name the error, and its sentence; empty where the connection itself has failed.
    std::string_view state() const { return field(PG_DIAG_SQLSTATE); }
    std::string_view message() const { return field(PG_DIAG_MESSAGE_PRIMARY); }

private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::string_view field(int code) const;

    std::unique_ptr<PGresult, Clear> result_;
};

}  // namespace gk::postgres
