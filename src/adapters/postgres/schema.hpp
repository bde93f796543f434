#pragma once

#include "adapters/postgres/connection.hpp"

namespace gk::postgres {

// The version that migrate() brings a database to.
int schema_version();

// Brings the schema "gamekeeper" of this database up to date, in one transaction. Of several processes that start at once, one does it and the others
// wait. `corrupt` when a newer program has written it.
Task<Result<Success, StoreError>> migrate(Connection& connection);

}  // namespace gk::postgres
