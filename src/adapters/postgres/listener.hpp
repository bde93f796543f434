#pragma once

#include <functional>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "adapters/postgres/pool.hpp"

namespace gk::postgres {

// How this process hears of what others tell on channels of the database.
class Listener {
public:
    struct Channels {
        const char* listen;  // The statements: "LISTEN gamekeeper_events".
        const char* what;    // For the log: "events".
    };
    // The channel; empty, for all of them, after each time that it could not listen.
    using Heard = std::function<void(std::string_view channel)>;
    // `pool`, whose own notices are not news, and `clock` outlive it.
    Listener(boost::asio::any_io_executor loop, Clock& clock, Pool& pool, Channels channels, Heard heard)
        : loop_(std::move(loop)),
          clock_(clock),
          pool_(pool),
          channels_(channels),
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
    Channels channels_;
    Heard heard_;
};

}  // namespace gk::postgres
