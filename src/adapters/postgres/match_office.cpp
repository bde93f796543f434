#include "adapters/postgres/match_office.hpp"

#include <string>

#include "async/deadline.hpp"

namespace gk::postgres {
namespace {

// The server itself has to notice that the other end is gone: nothing else is ever sent on this connection.
constexpr const char* lock_statement = R"sql(
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SELECT pg_advisory_lock(x'474b4d4f'::bigint)
)sql";

}  // namespace

PostgresMatchOffice::PostgresMatchOffice(boost::asio::any_io_executor loop, Clock& clock, Options options)
    : loop_(loop),
      clock_(clock),
      pool_(loop, clock, std::move(options)) {}

Task<std::shared_ptr<void>> PostgresMatchOffice::take() {
    auto connection = std::make_shared<Connection>(loop_);
    for (;;) {
        const auto locked = co_await lock(*connection);
        if (locked) co_return connection;
        // Who waited at the lock until the server's time limit goes on waiting at once.
        if (!connection->is_usable()) co_await clock_.sleep(pool_.options().retry_first);
    }
}

Task<Result<Success, StoreError>> PostgresMatchOffice::lock(Connection& connection) {
    if (!connection.is_usable()) CO_TRY_OK(co_await pool_.open(connection));
    std::string statement = lock_statement;
    auto locking = connection.script(std::move(statement));
    const auto locked = co_await async::with_deadline(clock_, clock_.now() + pool_.options().call_limit, std::move(locking));
    if (!locked) co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "PostgreSQL has fallen silent"});
    if (!*locked) co_return std::unexpected(locked->error());
    co_return Success{};
}

}  // namespace gk::postgres
