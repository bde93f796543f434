#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/connection.hpp"
#include "adapters/postgres/pool.hpp"

namespace gk::postgres {

// The version that migrate() brings a database to.
int schema_version();

// Brings the schema "gamekeeper" of this database up to date, in one transaction. Of several processes that start at once, one does it and the others
// wait. `corrupt` when a newer program has written it.
Task<Result<Success, StoreError>> migrate(Connection& connection);
// The same on a connection of its own, within the time of a call.
Task<Result<Success, StoreError>> migrate_in_time(boost::asio::any_io_executor loop, Clock& clock, Pool& pool);

}  // namespace gk::postgres
