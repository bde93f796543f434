#pragma once

#include <cstddef>
#include <string>

#include "base/secret.hpp"
#include "base/time.hpp"

namespace gk::postgres {

struct Options {
    // As libpq reads it: "postgresql://gamekeeper@db.example/gamekeeper?sslmode=verify-full". Without a password: that has a place of its own.
    std::string url;
    Secret password;  // Empty: as the server lets us in without one.
    std::size_t connections = 4;
    Milliseconds connect_limit = std::chrono::seconds(5);
    // Of one call, waiting for a free connection included. The server gives a statement up earlier, so that it does not work for nobody.
    Milliseconds call_limit = std::chrono::seconds(10);
    Milliseconds statement_limit = std::chrono::seconds(8);
    Milliseconds retry_first = std::chrono::milliseconds(200);  // After a connection that failed; doubled for each that follows.
    Milliseconds retry_most = std::chrono::seconds(10);
    std::size_t events_kept = 10'000;
    Milliseconds replies_kept = std::chrono::hours(24);
};

}  // namespace gk::postgres
