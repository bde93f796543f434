#pragma once

#include <functional>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/pool.hpp"

namespace gk::postgres {

// How this process hears of what others tell on a channel of the database. Calls `heard` once more after each time it could not listen.
class Listener {
public:
    struct Channel {
        const char* listen;  // The statement: "LISTEN gamekeeper_events".
        const char* what;    // For the log: "events".
    };
    // `pool`, whose own notices are not news, and `clock` outlive it.
    Listener(boost::asio::any_io_executor loop, Clock& clock, Pool& pool, Channel channel, std::function<void()> heard)
        : loop_(std::move(loop)),
          clock_(clock),
          pool_(pool),
          channel_(channel),
          heard_(std::move(heard)) {}

    // Until it is cancelled.
    Task<void> run();

private:
    Task<Result<Success, StoreError>> listen(Connection& connection);
    Task<StoreError> hear_all(Connection& connection);
    Task<Result<Success, StoreError>> hear_next(Connection& connection);
    Task<Result<Success, StoreError>> in_time(Task<Result<Rows, StoreError>> asking);

    boost::asio::any_io_executor loop_;
    Clock& clock_;
    Pool& pool_;
    Channel channel_;
    std::function<void()> heard_;
};

}  // namespace gk::postgres
