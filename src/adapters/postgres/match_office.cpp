#include "adapters/postgres/match_office.hpp"

#include <string>

#include <fmt/format.h>

#include "async/deadline.hpp"

namespace gk::postgres {
namespace {

// The server itself has to notice that the other end is gone: nothing else is ever sent on this connection.
constexpr const char* lock_statement = R"sql(
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;
SELECT pg_advisory_lock(x'474b4d4f'::bigint)
)sql";

// A lock by one number is listed in two halves.
constexpr const char* holder_query = R"sql(
SELECT a.application_name FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
 WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = x'474b4d4f'::bigint::oid AND l.objsubid = 1
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database())
)sql";

// Names of sessions have 63 bytes at most: "gk matches [2001:db8:...:1]:8080+tls" fits with every address.
constexpr std::string_view session_name = "gk matches ";
constexpr std::string_view tls_mark = "+tls";

}  // namespace

PostgresMatchOffice::PostgresMatchOffice(boost::asio::any_io_executor loop, Clock& clock, Options options, Reached reached)
    : loop_(loop),
      clock_(clock),
      reached_(std::move(reached)),
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
    auto statement = fmt::format("SET application_name = '{}'; {}", name_of_session(connection), lock_statement);
    auto locking = connection.script(std::move(statement));
    const auto locked = co_await async::with_deadline(clock_, clock_.now() + pool_.options().call_limit, std::move(locking));
    if (!locked) co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "PostgreSQL has fallen silent"});
    if (!*locked) co_return std::unexpected(locked->error());
    co_return Success{};
}

// Numbers, dots, colons and a mark: nothing that SQL would read as more than a text.
std::string PostgresMatchOffice::name_of_session(const Connection& connection) const {
    const auto host = reached_.host.empty() ? connection.local_address() : reached_.host;
    if (host.empty() || reached_.port == 0) return std::string(session_name);
    const bool is_v6 = host.find(':') != std::string::npos;
    return fmt::format("{}{}:{}{}", session_name, is_v6 ? fmt::format("[{}]", host) : host, reached_.port, reached_.is_tls ? tls_mark : "");
}

Task<Result<std::optional<std::string>, StoreError>> PostgresMatchOffice::holder() {
    std::vector<Statement> statements;
    statements.push_back({holder_query, {}});
    CO_TRY(answers, co_await pool_.read(std::move(statements)));
    const auto& rows = answers.front();
    if (rows.empty()) co_return std::nullopt;
    const auto name = rows.text(0, 0);
    if (!name.starts_with(session_name) || name.size() == session_name.size()) co_return std::nullopt;
    auto at = name.substr(session_name.size());
    const bool is_tls = at.ends_with(tls_mark);
    if (is_tls) at = at.substr(0, at.size() - tls_mark.size());
    co_return fmt::format("{}://{}", is_tls ? "https" : "http", at);
}

}  // namespace gk::postgres
