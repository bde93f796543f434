#pragma once

#include <cstdint>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/pool.hpp"
#include "ports/match_office.hpp"

namespace gk::postgres {

// The office is a lock of the database, held by a connection of its own: it comes free at the moment when the process that has it ends or is killed,
// and within 20 s when its whole machine goes. A connection that was lost in between is not missed: who works on is fenced as soon as somebody else
// begins. Where its process is reached stands in the name of that connection, so it is known exactly as long as the lock is held.
class PostgresMatchOffice final : public MatchOffice {
public:
    // Where this process answers the others.
    struct Reached {
        std::string host;        // Numeric; empty: the address by which this process talks to PostgreSQL.
        std::uint16_t port = 0;  // 0: nowhere.
        bool is_tls = false;
    };
    // `loop`, whose thread calls everything here, and `clock` outlive it.
    PostgresMatchOffice(boost::asio::any_io_executor loop, Clock& clock, Options options, Reached reached);
    Task<std::shared_ptr<void>> take() override;
    Task<Result<std::optional<std::string>, StoreError>> holder() override;

private:
    Task<Result<Success, StoreError>> lock(Connection& connection);
    std::string name_of_session(const Connection& connection) const;

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Reached reached_;
    Pool pool_;  // Which knows how often a server may be asked that is away.
};

}  // namespace gk::postgres
