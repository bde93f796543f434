#pragma once

#include <string>

#include "adapters/sqlite/connection.hpp"

namespace gk::sqlite {

// Of the newest schema this program knows.
int schema_version();

// Brings the database to the newest schema, one step for each version, each in a transaction of its own. A database of a newer program, or one
// that is not ours, is refused. `path` is for the texts of errors.
Result<Success, StoreError> migrate(Connection& db, const std::string& path);

// Compares the tables with those of a database made afresh, and reads every page and index: a damaged file is refused before it can mislead.
Result<Success, StoreError> check_integrity(Connection& db, const std::string& path);

}  // namespace gk::sqlite
