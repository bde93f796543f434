#include "adapters/postgres/listener.hpp"

#include <set>

#include <fmt/format.h>

#include "async/deadline.hpp"
#include "base/log.hpp"

namespace gk::postgres {
namespace {

// A connection on which nothing was told for so long is asked whether it still lives.
constexpr Milliseconds quiet_most = std::chrono::seconds(30);

}  // namespace

Task<void> Listener::run() {
    for (;;) {
        Connection connection(loop_);
        if (const auto listening = co_await listen(connection)) {
            log::info("postgres", fmt::format("{} of other processes are heard", channels_.what));
            const auto ended = co_await hear_all(connection);
            log::warning("postgres", fmt::format("{} of other processes are not heard", channels_.what), {{"detail", ended.detail}});
        }
        co_await clock_.sleep(pool_.options().retry_first);
    }
}

Task<Result<Success, StoreError>> Listener::listen(Connection& connection) {
    CO_TRY_OK(co_await pool_.open(connection));
    auto listening = connection.script(channels_.listen);
    CO_TRY_OK(co_await in_time(std::move(listening)));
    // What was told before is heard of now.
    heard_({});
    co_return Success{};
}

Task<StoreError> Listener::hear_all(Connection& connection) {
    for (;;) {
        if (const auto heard = co_await hear_next(connection); !heard) co_return heard.error();
    }
}

Task<Result<Success, StoreError>> Listener::hear_next(Connection& connection) {
    auto hearing = connection.hear();
    const auto told = co_await async::with_deadline(clock_, clock_.now() + quiet_most, std::move(hearing));
    if (!told) {
        auto asking = connection.script("SELECT 1");
        co_return co_await in_time(std::move(asking));
    }
    if (!*told) co_return std::unexpected(told->error());
    // Whoever tells something himself hears of it there.
    std::set<std::string_view> channels;
    for (const auto& it : **told) {
        if (!pool_.is_ours(it.pid)) channels.insert(it.channel);
    }
    for (const auto channel : channels) heard_(channel);
    co_return Success{};
}

Task<Result<Success, StoreError>> Listener::in_time(Task<Result<Rows, StoreError>> asking) {
    const auto answer = co_await async::with_deadline(clock_, clock_.now() + pool_.options().call_limit, std::move(asking));
    if (!answer) co_return std::unexpected(StoreError{StoreError::Kind::unavailable, "PostgreSQL has fallen silent"});
    if (!*answer) co_return std::unexpected(answer->error());
    co_return Success{};
}

}  // namespace gk::postgres
