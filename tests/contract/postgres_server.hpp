#pragma once

#include <string>
#include <sys/types.h>

#include "adapters/postgres/options.hpp"
#include "tests/support/temporary_directory.hpp"

namespace gk::contract {

// A PostgreSQL server of its own: files in a temporary directory, reached by a socket in there only, as an unprivileged user. It ends with this
// object, or with the process.
class PostgresServer {
public:
    PostgresServer();
    PostgresServer(const PostgresServer&) = delete;
    PostgresServer& operator=(const PostgresServer&) = delete;
    ~PostgresServer();

    void start();
    // At once, as a loss of power would: connections break, and what was not committed is gone.
    void crash();

    // The options of a client that has a new, empty database. The user "guarded", when somebody makes it, needs a password.
    postgres::Options new_database();

private:
    test::TemporaryDirectory directory_;
    pid_t pid_ = -1;
    int log_ = -1;
    int databases_ = 0;
};

// The server that all tests of this program share; made when the first asks for it.
PostgresServer& shared_postgres();

}  // namespace gk::contract
