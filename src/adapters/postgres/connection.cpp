#include "adapters/postgres/connection.hpp"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <optional>
#include <poll.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "adapters/postgres/address.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace gk::postgres {
namespace {

namespace asio = boost::asio;
using Kind = StoreError::Kind;

// What the session needs to be: commits that are on disk when they are answered, and the isolation that the fence counts on (schema.cpp).
constexpr const char* session_settings = R"sql(
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
SELECT set_config('default_transaction_isolation', 'read committed', false);
SELECT set_config('idle_in_transaction_session_timeout', '30s', false);
SELECT set_config('search_path', 'gamekeeper, pg_temp', false);
)sql";

Kind kind_of(std::string_view state) {
    if (state == "GK001") return Kind::fenced;
    if (state == "XX001" || state == "XX002") return Kind::corrupt;
    return state.starts_with("23") ? Kind::conflict : Kind::unavailable;
}

StoreError refused(const Rows& answer) { return {kind_of(answer.state()), fmt::format("PostgreSQL: {} ({})", answer.message(), answer.state())}; }

// libpq would print it.
void note(void*, const char* text) { log::debug("postgres", "PostgreSQL says", {{"text", trimmed(text)}}); }

bool is_good(ExecStatusType status) { return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK; }

}  // namespace

std::string_view Rows::text(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::number(int row, int column) const {
    const auto digits = text(row, column);
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

std::string_view Rows::field(int code) const {
    const char* text = PQresultErrorField(result_.get(), code);
    return text == nullptr ? std::string_view() : std::string_view(text);
}

Task<Result<Success, StoreError>> Connection::open(const Options& options) {
    CO_TRY_OK(co_await start(options));
    // From here on the server itself ends what takes too long.
    CO_TRY_OK(co_await script(fmt::format("SET statement_timeout = {};{}", options.statement_limit.count(), session_settings)));
    co_return Success{};
}

Task<Result<Success, StoreError>> Connection::start(const Options& options) {
    is_idle_ = false;
    conn_.reset();
    CO_TRY(address, co_await address_of(options));
    conn_.reset(PQconnectStartParams(address.names().data(), address.values().data(), 1));
    if (conn_) PQsetNoticeProcessor(conn_.get(), note, nullptr);
    // "Behave as if the last answer was PGRES_POLLING_WRITING", says the manual.
    for (auto step = PGRES_POLLING_WRITING; step != PGRES_POLLING_OK; step = PQconnectPoll(conn_.get())) {
        if (!conn_ || step == PGRES_POLLING_FAILED || PQstatus(conn_.get()) == CONNECTION_BAD) co_return std::unexpected(lost());
        if (!co_await ready(step == PGRES_POLLING_READING ? Wait::wait_read : Wait::wait_write)) co_return std::unexpected(lost());
    }
    if (PQsetnonblocking(conn_.get(), 1) != 0) co_return std::unexpected(lost());
    is_idle_ = true;
    co_return Success{};
}

bool Connection::is_usable() {
    if (!conn_ || !is_idle_ || PQstatus(conn_.get()) != CONNECTION_OK) return false;
    // The server says nothing to whom nothing was asked, unless it goes.
    pollfd socket{.fd = PQsocket(conn_.get()), .events = POLLIN, .revents = 0};
    return poll(&socket, 1, 0) == 0;
}

std::string Connection::local_address() const {
    asio::ip::tcp::endpoint here;
    auto size = static_cast<socklen_t>(here.capacity());
    if (!conn_ || getsockname(PQsocket(conn_.get()), here.data(), &size) != 0) return {};
    const auto family = here.data()->sa_family;
    return family == AF_INET || family == AF_INET6 ? here.address().to_string() : std::string();
}

// libpq owns its socket, and may open another one: what is waited on is a copy, for the time of the wait.
Task<bool> Connection::ready(Wait::wait_type what) {
    const int copy = fcntl(PQsocket(conn_.get()), F_DUPFD_CLOEXEC, 0);
    if (copy < 0) co_return false;
    asio::posix::stream_descriptor socket(loop_, copy);
    const auto [failed] = co_await socket.async_wait(what, asio::as_tuple(asio::use_awaitable));
    co_return !failed;
}

StoreError Connection::lost() const {
    const auto why = conn_ ? trimmed(PQerrorMessage(conn_.get())) : std::string_view("out of memory");
    return {Kind::unavailable, fmt::format("PostgreSQL cannot be reached ({}): see ledger.url and ledger.password_file", why)};
}

// The server reads what we send before it answers much, and we send little: it is enough to wait for room.
Task<Result<Success, StoreError>> Connection::send() {
    for (;;) {
        const int left = PQflush(conn_.get());
        if (left == 0) co_return Success{};
        if (left < 0 || !co_await ready(Wait::wait_write)) co_return std::unexpected(lost());
    }
}

// Null where the answers to a statement end.
Task<Result<PGresult*, StoreError>> Connection::receive() {
    while (PQisBusy(conn_.get()) != 0) {
        if (!co_await ready(Wait::wait_read) || PQconsumeInput(conn_.get()) == 0) co_return std::unexpected(lost());
    }
    co_return PQgetResult(conn_.get());
}

Task<Result<Rows, StoreError>> Connection::receive_one() {
    CO_TRY(first, co_await receive());
    if (first == nullptr) co_return std::unexpected(lost());
    Rows answer(first);
    if (PQstatus(conn_.get()) != CONNECTION_OK) co_return std::unexpected(lost());
    co_return answer;
}

Result<Success, StoreError> Connection::queue(const Statement& statement) {
    std::vector<const char*> values;
    for (const auto& value : statement.values) values.push_back(value.c_str());
    const auto count = static_cast<int>(values.size());
    if (PQsendQueryParams(conn_.get(), statement.sql, count, nullptr, values.data(), nullptr, nullptr, 0) != 1) return std::unexpected(lost());
    return Success{};
}

Task<Result<std::vector<Rows>, StoreError>> Connection::run(std::vector<Statement> statements) {
    is_idle_ = false;
    if (PQenterPipelineMode(conn_.get()) != 1) co_return std::unexpected(lost());
    for (const auto& statement : statements) CO_TRY_OK(queue(statement));
    if (PQpipelineSync(conn_.get()) != 1) co_return std::unexpected(lost());
    CO_TRY_OK(co_await send());
    auto answers = co_await receive_all(statements.size());
    if (!answers && PQstatus(conn_.get()) != CONNECTION_OK) co_return answers;
    if (PQexitPipelineMode(conn_.get()) != 1) co_return std::unexpected(lost());
    // What was refused between BEGIN and COMMIT leaves its transaction open.
    if (PQtransactionStatus(conn_.get()) != PQTRANS_IDLE) CO_TRY_OK(co_await script("ROLLBACK"));
    is_idle_ = true;
    co_return answers;
}

// The first refusal counts: what follows it was passed over. The connection is good afterwards, unless it is lost.
Task<Result<std::vector<Rows>, StoreError>> Connection::receive_all(std::size_t count) {
    std::vector<Rows> answers;
    std::optional<StoreError> refusal;
    for (std::size_t i = 0; i < count; ++i) {
        CO_TRY(answer, co_await receive_one());
        if (!refusal && !is_good(answer.status())) refusal = refused(answer);
        answers.push_back(std::move(answer));
        CO_TRY(end, co_await receive());
        if (end != nullptr) {
            PQclear(end);
            conn_.reset();
            co_return std::unexpected(StoreError{Kind::unavailable, "PostgreSQL has answered one statement twice"});
        }
    }
    CO_TRY(end, co_await receive_one());
    if (end.status() != PGRES_PIPELINE_SYNC && !refusal) refusal = refused(end);
    if (refusal) co_return std::unexpected(std::move(*refusal));
    co_return answers;
}

Task<Result<Rows, StoreError>> Connection::script(std::string sql) {
    is_idle_ = false;
    if (PQsendQuery(conn_.get(), sql.c_str()) != 1) co_return std::unexpected(lost());
    CO_TRY_OK(co_await send());
    std::optional<Rows> last;
    for (;;) {
        CO_TRY(next, co_await receive());
        if (next == nullptr) break;
        Rows answer(next);
        if (!last || is_good(last->status())) last = std::move(answer);
    }
    if (!last || PQstatus(conn_.get()) != CONNECTION_OK) co_return std::unexpected(lost());
    is_idle_ = PQtransactionStatus(conn_.get()) != PQTRANS_UNKNOWN;
    if (!is_good(last->status())) co_return std::unexpected(refused(*last));
    co_return std::move(*last);
}

Task<Result<std::vector<Connection::Told>, StoreError>> Connection::hear() {
    std::vector<Told> told;
    for (;;) {
        while (auto* notice = PQnotifies(conn_.get())) {
            told.push_back({.pid = notice->be_pid, .channel = notice->relname});
            PQfreemem(notice);
        }
        if (!told.empty()) co_return told;
        if (!co_await ready(Wait::wait_read) || PQconsumeInput(conn_.get()) == 0) co_return std::unexpected(lost());
    }
}

}  // namespace gk::postgres
