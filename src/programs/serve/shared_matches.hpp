#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/fleet_store.hpp"
#include "adapters/postgres/match_office.hpp"
#include "adapters/postgres/match_store.hpp"
#include "async/task_group.hpp"
#include "base/result.hpp"
#include "ports/clock.hpp"
#include "programs/config/config.hpp"

namespace gk::programs {

// A database as the configuration names it. `group` is that of its keys, for errors: "ledger" of ledger.url. The error is a sentence.
Result<postgres::Options, std::string> postgres_options(const std::string& group, const Config::Database& said);

// Matches of several control planes, in the PostgreSQL database that they share, and whose turn it is to make them.
struct SharedMatches {
    std::unique_ptr<postgres::PostgresMatchStore> store;
    std::unique_ptr<postgres::PostgresFleetStore> fleets;
    std::unique_ptr<postgres::PostgresMatchOffice> office;

    // `api`: where this one answers the others.
    static Task<Result<SharedMatches, std::string>> open(boost::asio::any_io_executor loop, Clock& clock, std::string group, Config::Database said,
                                                         const Config::Api& api);
    // Spawns what hears of the others.
    void begin(async::TaskGroup& tasks) const;
};

}  // namespace gk::programs
