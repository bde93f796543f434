#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/pool.hpp"
#include "ports/match_office.hpp"

namespace gk::postgres {

// The office is a lock of the database, held by a connection of its own: it comes free at the moment when the process that has it ends or is killed,
// and within 20 s when its whole machine goes. A connection that was lost in between is not missed: who works on is fenced as soon as somebody else
// begins.
class PostgresMatchOffice final : public MatchOffice {
public:
    // `loop`, whose thread calls everything here, and `clock` outlive it.
    PostgresMatchOffice(boost::asio::any_io_executor loop, Clock& clock, Options options);
    Task<std::shared_ptr<void>> take() override;

private:
    Task<Result<Success, StoreError>> lock(Connection& connection);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Pool pool_;  // Which knows how often a server may be asked that is away.
};

}  // namespace gk::postgres
